/// What led to a change of the primary, as far as those who changed it know.
public enum ChangeKind: String, Codable, Hashable, Sendable, CaseIterable {
    /// A request asked for it, and the former primary handed over in order.
    case switchover
    /// The former primary handed over in order because it was to stop.
    case handover
    /// The former primary's lock ran out, or it gave up.
    case failover
    /// A request asked for this member, whatever that costs.
    case forced = "forced failover"
    /// A standby cluster became a cluster of its own.
    case promotion = "standby promotion"
}

extension ChangeKind {
    /// What a leader calls a change it hands over for.
    ///
    /// - Parameter request: nil: it hands over because it is to stop.
    public init(handingOverFor request: FailoverRequest?) {
        self = request.map { $0.isForced ? .forced : .switchover } ?? .handover
    }
}

/// Judges what led to the promotion of this member.
///
/// Whoever hands over says why in the lock it lets go. Every other change is nobody's plan.
///
/// - Parameters:
///   - taken: nil when this member has not taken the lock in this life of its agent.
///   - won: the request it was elected with.
///   - wasStandbyLeader: it led a standby cluster before, so nobody was taken over from.
/// - Returns: nil when nobody says: also when it took the lock over from itself, as an agent does that was started anew
///   before it could promote its server. What the lock was first taken for went with the former agent.
public func judgeChange(
    of taken: TakenLock?, by me: String, won: WonRequest?, wasStandbyLeader: Bool
) -> ChangeKind? {
    if wasStandbyLeader { return .promotion }
    guard let taken else { return nil }
    if let won, won.loss != nil || won.request.isForced && won.request.candidate == me { return .forced }
    guard let former = taken.former else { return .failover }
    if former.leader == me { return nil }
    guard former.leader == nil, former.heir == me else { return .failover }
    return former.handover
}
