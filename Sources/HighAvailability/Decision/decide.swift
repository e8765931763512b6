import Units

/// Decides what this member does next.
///
/// Read it top to bottom: the first case that applies is the decision. It sees only its argument; what an election needs to
/// know of the others, measured at that moment, comes afterwards, in ``judgeCandidacy(_:)``.
///
/// Invariant: no action that makes or keeps a primary (``Action/startPrimary``, ``Action/promote``, ``Action/lead``,
/// ``Action/restart`` of a primary) is returned unless the lock is confirmed as this agent's own at `now`; and in a standby
/// cluster none that makes one.
public func decide(_ observation: Observation) -> Decision {
    if let decision = decideOnActivity(observation) { return decision }
    if observation.isStopping {
        return Decision(.shutDown, "stopping: the orchestrator asked for it")
    }
    if let decision = decideOnLockEnd(observation) ?? decideOnReinitialize(observation)
        ?? decideOnIdentity(observation)
    {
        return decision
    }
    if observation.cluster.configuration.isPaused {
        return decideWhilePaused(observation)
    }
    if !observation.lock.isMine, let decision = decideOnStuckVolume(observation) { return decision }
    switch observation.lock {
    case .mine:
        return decideAsHolder(observation)
    case .held(let leader):
        return decideAsFollower(observation, of: leader)
    case .mineFromEarlierLife, .released, .expired, .holderDied, .neverTaken:
        return decideWithoutLeader(observation)
    }
}

/// A long action runs: let it, unless it needs a lock that is gone.
private func decideOnActivity(_ observation: Observation) -> Decision? {
    guard let activity = observation.activity else { return nil }
    if activity.needsLock && !observation.lock.isMine {
        return Decision(.demote, "lost leader lock during \(activity.rawValue)")
    }
    if activity == .startingPrimary, let candidate = observation.forcedSuccessor {
        return Decision(.demote, "manual failover: the start is broken off for \(candidate)")
    }
    if activity == .startingPrimary, let decision = decideOnOutage(observation) { return decision }
    if activity == .promoting, case .standby = observation.server, let decision = decideOnPromotion(observation) {
        return decision
    }
    return Decision(.wait, "\(activity.rawValue) in progress")
}

/// A primary whose lock has ended stops before anything else is thought about.
private func decideOnLockEnd(_ observation: Observation) -> Decision? {
    guard let end = observation.lockEnd, case .primary = observation.server else { return nil }
    switch end {
    case .ranOut: return Decision(.demote, "demoted self because DCS is not accessible and I was a leader")
    case .lost: return Decision(.demote, "demoting self because I do not have the lock and I was a leader")
    }
}

/// The store is away and every member agrees: the primary goes on, and what else is in the store is too old to act on.
func decideInFailsafe(_ observation: Observation) -> Decision? {
    guard observation.isFailsafeActive else { return nil }
    return Decision(
        .lead,
        "continue to run as a leader because failsafe mode is enabled and all members are accessible")
}

/// Data of another cluster, or data nobody can read, is never touched and never leads.
private func decideOnIdentity(_ observation: Observation) -> Decision? {
    if case .unusable(let reason) = observation.server {
        let text = "data dir for the cluster is not empty, but \(reason); it is left untouched"
        return Decision(observation.lock.isMine ? .release : .refuse, text)
    }
    guard case .done(let expected) = observation.cluster.initialization,
        let actual = observation.server.systemIdentifier, actual != expected
    else { return nil }
    let text =
        "system ID mismatch, node \(observation.me) belongs to a different cluster: \(expected) != \(actual); "
        + "its data directory is left untouched"
    if observation.lock.isMine { return Decision(.release, text) }
    if case .primary = observation.server { return Decision(.demote, text) }
    return Decision(.refuse, text)
}
