/// What a new leader writes and waits for before any client gets in.
public struct SynchronousTakeover: Hashable, Sendable {
    /// To be written over the version the election was decided on, before the promotion: the old leader's next write of
    /// the record then fails, and without one it cannot acknowledge commits the new leader does not have.
    public var record: SynchronousState
    /// To be in the server's configuration before the first commit is possible.
    public var names: SynchronousStandbyNames

    public init(record: SynchronousState, names: SynchronousStandbyNames) {
        self.record = record
        self.names = names
    }
}

/// The reign of `me` as it begins; nil while commits wait for nobody, and did not before.
///
/// With the mode off and a record that is still active, nobody but the new leader may be elected after it, and commits wait for
/// nobody: whether the mode is really off is found out, and the record cleared, by a leader; see ``resolveSynchronous(_:)``.
///
/// Invariant: every set the new record lets elect has every commit of the former reign, and meets every set that
/// acknowledges in the new one.
///
/// With a quorum the former leader takes the place of the new one among the members, and the quorum stays: a commit of the
/// former reign was on `n − quorum` members and on its leader, so it is on as many of the new members. With a quorum of 0
/// each member has everything, so the remaining ones are enough and nobody waits for a leader that has just died.
public func takeOverSynchronous(
    _ former: SynchronousState?, by me: String, policy: SynchronousPolicy
) -> SynchronousTakeover? {
    var record = SynchronousState(version: former?.version ?? "", leader: me)
    guard policy.mode != .off else {
        return former?.isActive == true ? SynchronousTakeover(record: record, names: .none) : nil
    }
    if let former, let leader = former.leader {
        record.members = former.members.subtracting([me])
        record.quorum = former.quorum
        if former.quorum > 0, leader != me { record.members.insert(leader) }
    }
    if record.members.isEmpty { record.quorum = 0 }
    guard !record.members.isEmpty else {
        return SynchronousTakeover(record: record, names: policy.isStrict ? .blocking : .none)
    }
    let count = max(1, record.members.count - record.quorum)
    let method: SynchronousStandbyNames.Method = policy.mode == .on ? .first : .any
    return SynchronousTakeover(
        record: record, names: SynchronousStandbyNames(method, count, of: record.members.sorted()))
}
