import Units

/// What people have to know of a member whose server and the lock do not go together; nil when there is nothing.
///
/// - A primary beside the one that holds the lock: somebody promoted it by hand, or it is a former leader's that has not stopped
///   yet. No Service leads there and its agent answers no balancer, but whoever connects to it directly can write.
/// - What is left of such a one when it has stopped, by a timeline that the cluster has not come to: it is rewound.
/// - While nobody leads: data that the cluster has gone on without, and a standby that lacks more than may be lost. Neither may
///   lead, and while no other member is there nobody does.
///
/// A server that its own agent is bringing up or down is none of these: what was seen of it last is no longer true.
///
/// - Parameter hasPostmaster: some server runs, whatever it is.
public func describeLockProblem(
    of server: ServerState, activity: Activity?, lock: LockStanding, in view: ClusterView, hasPostmaster: Bool
) -> String? {
    let isPaused = view.configuration.isPaused
    switch (server, lock) {
    case (.primary, .held(let leader)):
        guard hasPostmaster, activity == nil || activity == .demoting else { return nil }
        let end = isPaused ? "it is stopped when the cluster is resumed" : "it is stopped"
        return "runs as a primary without the lock, which \(leader) holds: \(end), and what it alone has is left behind"
    case (.stopped(let stopped), .held(let leader)):
        guard !isPaused, activity == nil || activity == .rejoining, stopped.wasPrimary,
            let recorded = view.recordedTimeline, stopped.timeline > recorded
        else { return nil }
        return "was promoted without the lock, which \(leader) holds: "
            + "timeline \(stopped.timeline), which it began, is left behind"
    case (.stopped(let stopped), _) where lock.isFree && !isPaused:
        return timelineProblem(stopped.timeline, view.recordedTimeline)
    case (.standby(let running), _) where lock.isFree && !isPaused:
        return timelineProblem(running.timeline, view.recordedTimeline) ?? lagProblem(running.position, in: view)
    case (.primary, _), (.standby, _), (.stopped, _), (.noData, _), (.unusable, _), (.damaged, _), (.starting, _),
        (.unresponsive, _):
        return nil
    }
}

private func timelineProblem(_ mine: Timeline, _ recorded: Timeline?) -> String? {
    guard let recorded, mine < recorded else { return nil }
    return "may not lead: its data end on timeline \(mine), and the cluster has come to \(recorded); "
        + "a member that has what was written there is waited for"
}

/// As an election without synchronous standbys has it; see ``judgeCandidacy(_:)``.
private func lagProblem(_ mine: LSN, in view: ClusterView) -> String? {
    guard view.synchronous == nil, view.configuration.synchronous.mode == .off,
        view.configuration.standbyCluster == nil, let published = view.lock?.position
    else { return nil }
    let (lag, limit) = (published.bytes(since: mine), view.configuration.maximumLagOnFailover)
    guard lag > limit else { return nil }
    return "may not lead: it lacks \(lag.rawValue) bytes of WAL that the last leader had, and no more than "
        + "\(limit.rawValue) may be lost; a member that has them is waited for"
}
