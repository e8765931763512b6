/// Decides the next write that brings synchronous replication towards what is wanted; nil when there is none, or none yet.
///
/// The record in the store says who may be *elected*: any `quorum + 1` of its members (and the leader). The names in
/// PostgreSQL say who *acknowledges*: any `count` of them. They are two writes to two places, and the primary may die
/// between any two.
///
/// Invariant, before and after every step: **each set of standbys that may acknowledge a commit, or has acknowledged one,
/// has a member in each set that may elect.** It holds because
///  1. names are written only if every set they let acknowledge meets every set the record lets elect (``meets``), and
///  2. a record is written only if every set it lets elect (a) meets every set the names in force let acknowledge, and
///     (b) either contains a standby that has confirmed everything there was when these names came into force, or contains
///     a set the former record would have let elect, of which the invariant held.
///
/// From that follows the order: sets grow in PostgreSQL first and in the store second, and shrink the other way round. To
/// fall back to asynchronous replication is to shrink to nothing: the store first says that nobody but the primary may be
/// elected, and only *after* that commits stop waiting. The other way round, a standby without the commits acknowledged
/// meanwhile could still be elected by the old record.
public func resolveSynchronous(_ situation: SynchronousSituation) -> SynchronousStep? {
    let names = situation.names ?? .none
    guard situation.policy.mode != .off else {
        // Elections without restriction first: a record that outlives the waiting would vouch for standbys nobody waited for.
        if situation.record?.isActive == true { return .clearRecord }
        return situation.names == SynchronousStandbyNames.none ? nil : .names(.none)
    }
    guard let record = situation.record, record.leader == situation.me else {
        // From here on the record decides elections: nobody but the primary, until a standby has confirmed that it is complete.
        return .record(members: [], quorum: 0)
    }
    let wanted = wantedStandbys(situation, record, names)
    guard !wanted.isEmpty || !situation.policy.isStrict else {
        // Strict: whom commits wait for stays, and stays electable; with nobody to keep, they wait for nobody that exists.
        return names.count == 0 ? .names(.blocking) : nil
    }
    let count = situation.policy.mode == .on ? wanted.count : min(situation.policy.standbys, wanted.count)

    // The fewest confirmations that are safe with the record as it is; for a while perhaps more than are wanted.
    let safeCount =
        record.canElect ? max(count, record.members.union(wanted).count - record.quorum) : count
    let isReachable = safeCount <= wanted.count
    if isReachable {
        let next = wantedNames(situation, of: wanted, count: safeCount)
        if situation.names?.meansTheSame(as: next) != true { return .names(next) }
    }
    let next = nextRecord(situation, record, names, wanted: wanted, count: count)
    // Nothing is gained by a record that can elect nobody, unless the names have to shrink behind it.
    if isReachable, record.canElect, !next.canElect { return nil }
    return next.meansTheSame(as: record) ? nil : .record(members: next.members, quorum: next.quorum)
}

/// The picked standbys; in mode on together with fit ones they are to replace, until they are recorded themselves.
private func wantedStandbys(
    _ situation: SynchronousSituation, _ record: SynchronousState, _ names: SynchronousStandbyNames
) -> Set<String> {
    let picked = Set(situation.picked)
    guard situation.policy.mode == .on, !picked.isSubset(of: record.members) else { return picked }
    return picked.union(record.members.intersection(situation.fit).intersection(names.standbys))
}

private func wantedNames(
    _ situation: SynchronousSituation, of wanted: Set<String>, count: Int
) -> SynchronousStandbyNames {
    guard count > 0 else { return .none }
    let order = situation.picked.filter(wanted.contains) + wanted.subtracting(situation.picked).sorted()
    return SynchronousStandbyNames(situation.policy.mode == .on ? .first : .any, count, of: order)
}

private func nextRecord(
    _ situation: SynchronousSituation, _ record: SynchronousState, _ names: SynchronousStandbyNames,
    wanted: Set<String>, count: Int
) -> SynchronousState {
    // Whoever was recorded stays for now; whoever joins has confirmed, under the names in force, that it lacks nothing.
    let members = wanted.intersection(record.members.union(situation.confirmed.intersection(names.standbys)))
    // (a): count + quorum + 1 > |members ∪ standbys|.
    let againstTheFuture = members.union(names.standbys).count - names.count
    // (b): more than the unconfirmed ones alone, or as many of the recorded ones as the former record asked for.
    let unconfirmed = members.subtracting(situation.confirmed)
    let againstThePast = min(unconfirmed.count, record.quorum + unconfirmed.subtracting(record.members).count)
    // Once all are recorded the quorum may be what the wanted count needs, which lets the names follow.
    let goal = members == wanted ? wanted.count - count : 0
    return SynchronousState(
        version: record.version, leader: record.leader, members: members,
        quorum: members.isEmpty ? 0 : max(0, againstTheFuture, againstThePast, goal))
}

/// Whether every `count` of the names and every `quorum + 1` of the record's members have one in common.
///
/// True as well when nobody could acknowledge, when nobody could be elected, and of a record that restricts no election.
public func meets(_ record: SynchronousState, _ names: SynchronousStandbyNames) -> Bool {
    !record.isActive || names.count > names.standbys.count || !record.canElect
        || names.count + record.quorum + 1 > record.members.union(names.standbys).count
}
