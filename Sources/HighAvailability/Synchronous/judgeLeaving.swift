/// Whether a standby that is about to stop may stop.
public enum LeavingVerdict: Hashable, Sendable {
    /// No commit waits for it, or nobody is there who could change that.
    case leave
    /// The record in the store still names it.
    case awaitRecord
    /// The record has let it go. The leader's server comes after that, and only the leader knows.
    case askLeader(String)
}

/// Judges whether the standby `me` may stop without a commit having to wait for it.
///
/// A leader shrinks its record first and the names of its server second (``resolveSynchronous(_:)``). A standby that stops
/// between the two leaves every commit waiting until the second is done.
///
/// - Parameters:
///   - policy: of the cluster; mode off: no commit waits for anybody.
///   - leader: who holds the lock; nil: nobody who could take a commit.
///   - record: as the watch shows it.
public func judgeLeaving(
    _ me: String, policy: SynchronousPolicy, leader: String?, record: SynchronousState?
) -> LeavingVerdict {
    guard policy.mode != .off, let leader, leader != me, let record, record.leader == leader else { return .leave }
    return record.members.contains(me) ? .awaitRecord : .askLeader(leader)
}
