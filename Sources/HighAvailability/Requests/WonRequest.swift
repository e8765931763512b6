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
}
