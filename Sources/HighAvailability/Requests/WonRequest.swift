/// A switchover or failover nobody carried out before its leader had gone, and with which this member was elected.
public struct WonRequest: Hashable, Sendable {
    public var request: FailoverRequest
    /// The leader before; nil when that is not known.
    public var former: String?
    /// What it costs, in one sentence; nil when nothing is known to be lost.
    public var loss: String?

    public init(request: FailoverRequest, former: String?, loss: String?) {
        self.request = request
        self.former = former
        self.loss = loss
    }

    /// What became of the request, for the person who asked.
    public struct Outcome: Hashable, Sendable {
        public var succeeded: Bool
        public var reason: String
    }

    /// What the elected member `me` tells of it; nil when it is none of its business: another leader was named, and has gone.
    /// ``decide(_:)`` refuses such a request.
    public func outcome(for me: String) -> Outcome? {
        guard request.candidate != nil || request.leader == former else { return nil }
        if let candidate = request.candidate, candidate != me {
            return Outcome(
                succeeded: false, reason: "\(me) was elected instead of \(candidate), which could not lead")
        }
        return Outcome(succeeded: true, reason: loss ?? "failed over")
    }
}

extension FailoverRequest {
    /// The request as an election answers it; nil: what is to happen later decides no election now.
    public var due: FailoverRequest? { schedule == nil ? self : nil }
}

/// Whether a member that takes a lock is the one somebody named: it is to lead, also while paused.
///
/// - Parameters:
///   - record: the lock it takes.
///   - request: the one its election answers.
public func isElectedByRequest(_ me: String, over record: LockRecord?, _ request: FailoverRequest?) -> Bool {
    record?.heir == me || request?.due?.candidate == me
}
