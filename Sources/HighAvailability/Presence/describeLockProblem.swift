import Units

/// What people have to know of a member that is, or was, a primary beside the one that holds the lock; nil when it is none.
///
/// - A primary beside the one that holds the lock: somebody promoted it by hand, or it is a former leader's that has not
///   stopped yet. No Service leads there and its agent answers no balancer, but whoever connects to it directly can write.
/// - What is left of such a one when it has stopped, by a timeline that the cluster has not come to: it is rewound. A leader
///   that died before its promotion was recorded looks the same.
///
/// A server that its own agent is bringing up or down is none of these: what was seen of it last is no longer true.
///
/// - Parameter hasPostmaster: some server runs, whatever it is.
public func describeLockProblem(
    of server: ServerState, activity: Activity?, lock: LockStanding, in view: ClusterView, hasPostmaster: Bool
) -> String? {
    guard case .held(let leader) = lock else { return nil }
    let isPaused = view.configuration.isPaused
    switch server {
    case .primary:
        guard hasPostmaster, activity == nil || activity == .demoting else { return nil }
        let end = isPaused ? "it is stopped when the cluster is resumed" : "it is stopped"
        return "runs as a primary without the lock, which \(leader) holds: \(end), and what it alone has is left behind"
    case .stopped(let stopped):
        guard !isPaused, activity == nil || activity == .rejoining, stopped.wasPrimary,
            let recorded = view.recordedTimeline, stopped.timeline > recorded
        else { return nil }
        return "was a primary on timeline \(stopped.timeline), and the cluster, in which \(leader) holds the lock, "
            + "has come to \(recorded): what it alone has is left behind"
    case .standby, .noData, .unusable, .damaged, .starting, .unresponsive:
        return nil
    }
}

/// Why this member may not lead while nobody does, whatever the others are; nil when nothing known here keeps it.
///
/// Its data are some that the cluster has gone on without, or it is a standby further behind than may be lost. While no other
/// member is there nobody leads.
public func describeBarToLeading(
    of server: ServerState, activity: Activity?, lock: LockStanding, in view: ClusterView
) -> String? {
    guard lock.isFree, !view.configuration.isPaused, activity == nil || activity == .racing else { return nil }
    switch server {
    case .stopped(let stopped):
        return timelineProblem(stopped.timeline, view.recordedTimeline)
    case .standby(let running):
        return timelineProblem(running.timeline, view.recordedTimeline) ?? lagProblem(running.position, in: view)
    case .primary, .noData, .unusable, .damaged, .starting, .unresponsive:
        return nil
    }
}

private func timelineProblem(_ mine: Timeline, _ recorded: Timeline?) -> String? {
    guard let recorded, mine < recorded else { return nil }
    return "may not lead: its data end on timeline \(mine), and the cluster has come to \(recorded); "
        + "a member that has what was written there is waited for"
}

/// As an election without synchronous standbys has it; see ``judgeCandidacy(_:)``.
///
/// A standby may go on replaying: the lag is told by the power of two it is above, so that not each look has a sentence of its
/// own.
private func lagProblem(_ mine: LSN, in view: ClusterView) -> String? {
    guard view.synchronous?.isActive != true, view.configuration.standbyCluster == nil,
        let published = view.lock?.position
    else { return nil }
    let (lag, limit) = (published.bytes(since: mine), view.configuration.maximumLagOnFailover)
    guard lag > limit else { return nil }
    let bound = max(limit, ByteCount(rawValue: powerOfTwo(upTo: lag.rawValue - 1)))
    return "may not lead: it is more than \(bound) of WAL behind the last leader, "
        + "and no more than \(limit) may be lost; until it has replayed more, a member that has more is waited for"
}

/// The largest one that is not above `number`; 0 for 0.
private func powerOfTwo(upTo number: UInt64) -> UInt64 {
    number == 0 ? 0 : 1 << UInt64(UInt64.bitWidth - 1 - number.leadingZeroBitCount)
}
