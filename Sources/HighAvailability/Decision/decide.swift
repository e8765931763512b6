/// Decides what this member does next.
///
/// Read it top to bottom: the first case that applies is the decision. It sees only its argument; what an election needs to
/// know of the others, measured at that moment, comes afterwards, in ``judgeCandidacy(_:)``.
///
/// Invariant: no action that makes or keeps a primary (``Action/startPrimary``, ``Action/promote``, ``Action/lead``,
/// ``Action/restart`` of a primary) is returned unless the lock is confirmed as this agent's own at `now`.
public func decide(_ observation: Observation) -> Decision {
    if let decision = decideOnActivity(observation) { return decision }
    if observation.isStopping {
        return Decision(.shutDown, "stopping: the orchestrator asked for it")
    }
    if let decision = decideOnLockEnd(observation) ?? decideOnIdentity(observation) { return decision }
    if observation.cluster.configuration.isPaused {
        return decideWhilePaused(observation)
    }
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
private func decideInFailsafe(_ observation: Observation) -> Decision? {
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

/// Paused: nothing starts, stops or is promoted; the holder keeps what it has.
private func decideWhilePaused(_ observation: Observation) -> Decision {
    switch (observation.server, observation.lock) {
    case (.primary, .mine):
        if let decision = decideInFailsafe(observation) { return decision }
        if let decision = decideOnRequest(observation, mustNameCandidate: true) { return decision }
        return Decision(.lead, "PAUSE: no action. I am (\(observation.me)), the leader with the lock")
    case (.primary, .held):
        return Decision(.wait, "PAUSE: continue to run as primary without lock")
    case (.primary, _):
        return Decision(.acquire, "PAUSE: acquired session lock as a leader")
    case (.stopped, .mine), (.noData, .mine), (.damaged, .mine):
        return Decision(.release, "PAUSE: removed leader lock because postgres is not running")
    case (.standby, .mine):
        return Decision(.release, "PAUSE: removed leader lock because postgres is not running as primary")
    case (.standby, .held(let leader)) where needsToFollow(observation, leader):
        return Decision(.follow(leader), "PAUSE: following the leader (\(leader))")
    case (.noData, .held(let leader)) where isServing(leader, in: observation.cluster):
        return Decision(.clone(from: leader), "PAUSE: trying to bootstrap from leader '\(leader)'")
    case (.noData, _):
        return Decision(.wait, "PAUSE: running with empty data directory")
    case (.stopped, _):
        return Decision(.wait, "PAUSE: postgres is not running")
    case (.standby, _), (.starting, _), (.unresponsive, _), (.unusable, _), (.damaged, _):
        return Decision(.wait, "PAUSE: no action. I am (\(observation.me))")
    }
}

/// The lock is ours: there is to be one primary, here.
private func decideAsHolder(_ observation: Observation) -> Decision {
    switch observation.server {
    case .noData:
        return Decision(.release, "released leader key voluntarily as data dir empty and currently leader")
    case .unusable(let reason):
        return Decision(.release, "released leader key voluntarily as \(reason)")
    case .damaged(let operation):
        return Decision(.release, "released leader key voluntarily as \(operation) has left the data incomplete")
    case .stopped(let server):
        if let recorded = observation.cluster.recordedTimeline, server.timeline < recorded {
            return Decision(.release, timelineBehind(server.timeline, recorded))
        }
        if server.wasPrimary { return Decision(.startPrimary, "starting primary after failure") }
        return Decision(.startStandby(following: nil), "starting as readonly because i had the session lock")
    case .starting:
        return Decision(.wait, "PostgreSQL is still starting up")
    case .unresponsive:
        return Decision(.restart, "restarting PostgreSQL because it answers nobody")
    case .standby(let server):
        if server.isReplayPausedForSettings {
            return Decision(.restart, "restarting before promotion: replay is paused for insufficient settings")
        }
        return Decision(.promote, "promoted self to leader by acquiring session lock")
    case .primary:
        if let decision = decideInFailsafe(observation) { return decision }
        if let decision = decideOnRequest(observation, mustNameCandidate: false) { return decision }
        return Decision(.lead, "no action. I am (\(observation.me)), the leader with the lock")
    }
}

/// A switchover or failover request, seen by the leader it concerns.
private func decideOnRequest(_ observation: Observation, mustNameCandidate: Bool) -> Decision? {
    guard let request = observation.cluster.failover else { return nil }
    let refused = Action.refuseHandOver(requestID: request.requestID)
    if let leader = request.leader, leader != observation.me {
        return Decision(refused, "switchover refused: leader name does not match, \(leader) is not the leader")
    }
    guard let candidate = request.candidate else {
        if mustNameCandidate {
            return Decision(
                refused, "switchover refused: it is possible only to a specific candidate in a paused state")
        }
        return Decision(.handOver(to: nil, requestID: request.requestID), "switchover: demoting myself")
    }
    if candidate == observation.me {
        return Decision(refused, "switchover refused: \(candidate) is the leader already")
    }
    guard let member = observation.cluster.members[candidate] else {
        return Decision(refused, "switchover refused: candidate \(candidate) does not exist")
    }
    guard member.tags.mayLead else {
        return Decision(refused, "switchover refused: candidate \(candidate) is not allowed to promote")
    }
    return Decision(.handOver(to: candidate, requestID: request.requestID), "switchover: demoting myself")
}

/// Another member leads.
private func decideAsFollower(_ observation: Observation, of leader: String) -> Decision {
    switch observation.server {
    case .noData:
        guard isServing(leader, in: observation.cluster) else {
            return Decision(.wait, "waiting for leader to bootstrap")
        }
        return Decision(.clone(from: leader), "trying to bootstrap from leader '\(leader)'")
    case .unusable(let reason):
        return Decision(.refuse, reason)
    case .damaged(let operation):
        guard isServing(leader, in: observation.cluster) else {
            return Decision(.wait, "waiting for \(leader): \(operation) has left the data incomplete")
        }
        return Decision(
            .clone(from: leader), "cloning anew from '\(leader)': \(operation) has left the data incomplete")
    case .stopped:
        guard isServing(leader, in: observation.cluster) else {
            return Decision(.wait, "waiting for \(leader) to become primary")
        }
        return Decision(.rejoin(leader), "starting as a secondary")
    case .starting:
        return Decision(.wait, "PostgreSQL is still starting up")
    case .unresponsive:
        return Decision(.restart, "restarting PostgreSQL because it answers nobody")
    case .primary:
        return Decision(.demote, "demoting self because I do not have the lock and I was a leader")
    case .standby(let server):
        if server.isReplayPausedForSettings {
            return Decision(.restart, "restarting: replay is paused for insufficient settings")
        }
        if needsToFollow(observation, leader) {
            return Decision(.follow(leader), "following new leader \(leader)")
        }
        return Decision(
            .wait, "no action. I am (\(observation.me)), a secondary, and following a leader (\(leader))")
    }
}

/// Nobody leads.
private func decideWithoutLeader(_ observation: Observation) -> Decision {
    if observation.cluster.initialization == .never, isStandbyData(observation.server) {
        return Decision(
            .wait, "No initialize key in the store and PostgreSQL is a replica: start the member that is primary first")
    }
    switch observation.server {
    case .noData:
        return decideOnBootstrap(observation)
    case .unusable(let reason):
        return Decision(.refuse, reason)
    case .damaged(let operation):
        return Decision(.wait, "waiting for a leader: \(operation) has left the data incomplete")
    case .starting:
        return Decision(.wait, "PostgreSQL is still starting up")
    case .unresponsive:
        return Decision(.restart, "restarting PostgreSQL because it answers nobody")
    case .stopped(let server):
        return decideOnStopped(server, observation)
    case .primary(let server), .standby(let server):
        return decideOnCandidacy(of: server, observation)
    }
}

private func decideOnBootstrap(_ observation: Observation) -> Decision {
    switch observation.cluster.initialization {
    case .never:
        return Decision(.bootstrap, "trying to bootstrap a new cluster")
    case .inProgress(let member) where member == observation.me:
        return Decision(.bootstrap, "trying again to bootstrap a new cluster")
    case .inProgress(let member):
        return Decision(.wait, "waiting for \(member ?? "another member") to bootstrap")
    case .done:
        return Decision(.wait, "waiting for leader to bootstrap")
    }
}

/// A server that does not run, and nobody leads: whoever was primary last comes back as it was, if nobody is ahead.
private func decideOnStopped(_ server: StoppedServer, _ observation: Observation) -> Decision {
    if case .mineFromEarlierLife = observation.lock, server.wasPrimary,
        observation.cluster.recordedTimeline.map({ server.timeline >= $0 }) ?? true
    {
        return Decision(.acquire, "taking the lock of my earlier life to start the primary again")
    }
    guard server.wasPrimary else {
        return Decision(.startStandby(following: nil), "starting as a secondary")
    }
    guard server.isClean else {
        return Decision(.recover, "doing crash recovery in a single user mode")
    }
    guard !observation.cluster.isOnUnrecordedCourse(server, of: observation.me) else {
        return Decision(.wait, "timeline \(server.timeline) was begun by another member: waiting for a leader to copy")
    }
    // A clean primary behind the recorded timeline was replaced; it has to wait for the one that replaced it.
    if let recorded = observation.cluster.recordedTimeline, server.timeline < recorded {
        return Decision(.startStandby(following: nil), timelineBehind(server.timeline, recorded))
    }
    return decideOnRace(observation)
}

/// A server that runs, and nobody leads.
private func decideOnCandidacy(of server: RunningServer, _ observation: Observation) -> Decision {
    guard observation.tags.mayLead else {
        if case .primary = observation.server {
            return Decision(.demote, "demoting self because I am not allowed to become primary")
        }
        return Decision(.wait, "following a different leader because I am not allowed to promote")
    }
    if let recorded = observation.cluster.recordedTimeline, server.timeline < recorded {
        if case .primary = observation.server {
            return Decision(.demote, timelineBehind(server.timeline, recorded))
        }
    }
    if case .mineFromEarlierLife = observation.lock, case .primary = observation.server {
        return Decision(.acquire, "acquired session lock as a leader")
    }
    return decideOnRace(observation)
}

/// Whether this is the moment to ask the others.
private func decideOnRace(_ observation: Observation) -> Decision {
    if let until = observation.standsBackUntil, observation.now < until {
        return Decision(.wait, "standing back: somebody else is the healthiest node")
    }
    switch observation.lock {
    case .released(let heir?, let since):
        if heir == observation.me {
            return Decision(.acquire, "taking the lock that was handed to me")
        }
        let grace = observation.cluster.configuration.timings.retryTimeout
        if observation.now < since + grace {
            return Decision(.wait, "leaving the lock to \(heir), to whom it was handed")
        }
        return Decision(.race, "racing: \(heir) did not take the lock it was handed")
    case .holderDied(let holder, let since, restartsAtOnce: true)
    where observation.now < since + Grace.restartInPlace:
        return Decision(.wait, "leaving \(holder) a moment to restart in place")
    case .mineFromEarlierLife, .released, .expired, .holderDied, .neverTaken, .mine, .held:
        return Decision(.race, "racing for the leader lock")
    }
}

/// Waits that are part of the protocol and not of its timings.
public enum Grace {
    /// A dead holder whose container starts again at once has everything it acknowledged on its disk; a standby may not.
    public static let restartInPlace: Duration = .milliseconds(500)
    /// A member that is not the most advanced one asks again after this long.
    public static let standBack: Duration = .milliseconds(500)
}

private func needsToFollow(_ observation: Observation, _ leader: String) -> Bool {
    guard isServing(leader, in: observation.cluster), let member = observation.cluster.members[leader],
        let host = member.host
    else { return false }
    let wanted = FollowedLeader(
        name: leader, epoch: observation.cluster.lock?.epoch ?? 0, host: host, port: member.port)
    return observation.followed != wanted
}

/// The leader says that it runs as a primary: only then is there something to follow or to copy.
private func isServing(_ leader: String, in cluster: ClusterView) -> Bool {
    guard let member = cluster.members[leader] else { return false }
    return member.role == .primary && member.state == .running && member.host != nil
}

/// Data that cannot be the origin of a cluster.
private func isStandbyData(_ server: ServerState) -> Bool {
    switch server {
    case .standby: true
    case .stopped(let server): !server.wasPrimary
    case .noData, .unusable, .damaged, .starting, .primary, .unresponsive: false
    }
}

private func timelineBehind(_ mine: Timeline, _ recorded: Timeline) -> String {
    "My timeline \(mine) is behind last known cluster timeline \(recorded)"
}
