import Units

// A cluster that follows another one (patroni.md §1.21). Invariant: nothing here promotes, or starts a primary.

/// The lock is ours: this member follows the remote server, and the others follow it.
func decideAsStandbyLeader(_ observation: Observation, of remote: StandbyCluster) -> Decision {
    switch observation.server {
    case .noData:
        return Decision(.release, "released leader key voluntarily as data dir empty and currently leader")
    case .unusable(let reason):
        return Decision(.release, "released leader key voluntarily as \(reason)")
    case .damaged(let operation):
        return Decision(.release, "released leader key voluntarily as \(operation) has left the data incomplete")
    case .stopped:
        return Decision(.followRemote, "starting as a standby leader because i had the session lock")
    case .starting:
        return Decision(.wait, "PostgreSQL is still starting up")
    case .unresponsive:
        return Decision(.restart, "restarting PostgreSQL because it answers nobody")
    case .primary:
        if let decision = decideInFailsafe(observation) { return decision }
        // Rather a primary than nothing: a name that was misspelt must not take the writes down.
        if let objection = observation.remoteObjection {
            return Decision(.lead, "not demoting to a standby cluster: \(objection)")
        }
        return Decision(.demoteCluster, "cannot be a real primary in standby cluster")
    case .standby(let server):
        if server.isReplayPausedForSettings {
            return Decision(.restart, "restarting: replay is paused for insufficient settings")
        }
        return decideOnRunningStandbyLeader(observation, server, of: remote)
    }
}

/// Also while paused: nothing of this stops or promotes a server unless somebody asked for it.
func decideOnRunningStandbyLeader(
    _ observation: Observation, _ server: RunningServer, of remote: StandbyCluster
) -> Decision {
    let me = observation.me
    let isPaused = observation.cluster.configuration.isPaused
    if observation.isFailsafeActive {
        return Decision(
            .leadStandby,
            "continue to run as a standby leader because failsafe mode is enabled and all members are accessible")
    }
    if let decision = decideOnRequest(observation, mustNameCandidate: isPaused)
        ?? decideOnRestart(observation, server, role: .standbyLeader)
    {
        return decision
    }
    let wanted = FollowedRemote(remote, epoch: observation.cluster.lock?.epoch ?? 0)
    guard let followed = observation.followedRemote, followed.epoch == wanted.epoch else {
        return Decision(.followRemote, "promoted self to a standby leader by acquiring session lock")
    }
    guard followed == wanted else {
        return Decision(.followRemote, "following the remote server (\(remote)), which the settings name now")
    }
    if !isPaused, remote.host != nil, hasReceivedNothing(observation) {
        return Decision(
            .followRemote,
            "receiving nothing from the remote server (\(remote)): looking again whether its course is ours")
    }
    return Decision(.leadStandby, "no action. I am (\(me)), the standby leader with the lock")
}

/// For so long that a walreceiver which only lost its connection would be back.
///
/// The course of a standby cluster changes without anybody here having decided it: when the remote server was replaced, what
/// this member has may be none of it any more, and PostgreSQL alone would ask for it for ever.
func hasReceivedNothing(_ observation: Observation) -> Bool {
    observation.notStreamingSince.map { observation.now >= $0 + Grace.courseCheck } ?? false
}

/// Nobody leads.
func decideWithoutStandbyLeader(_ observation: Observation) -> Decision {
    switch observation.server {
    case .noData:
        return decideOnStandbyBootstrap(observation)
    case .unusable(let reason):
        return Decision(.refuse, reason)
    case .damaged(let operation):
        return Decision(.wait, "waiting for a standby leader: \(operation) has left the data incomplete")
    case .starting:
        return Decision(.wait, "PostgreSQL is still starting up")
    case .unresponsive:
        return Decision(.restart, "restarting PostgreSQL because it answers nobody")
    case .stopped(let server):
        guard server.wasPrimary else {
            return Decision(
                .startStandby(following: nil), "trying to run as a standby because standby cluster is unhealthy")
        }
        if case .mineFromEarlierLife = observation.lock {
            return Decision(.acquire, "taking the lock of my earlier life to follow the remote server")
        }
        guard server.isClean else {
            return Decision(.recover, "doing crash recovery in a single user mode")
        }
        return decideOnRace(observation)
    case .primary:
        if case .mineFromEarlierLife = observation.lock {
            return Decision(.acquire, "acquired session lock as a leader")
        }
        return Decision(.demote, "cannot be a real primary in standby cluster")
    case .standby(let server) where server.isReplayPausedForSettings:
        return Decision(.restart, restartBeforeElection)
    case .standby:
        guard observation.tags.mayLead else {
            return Decision(.wait, "following a different leader because I am not allowed to promote")
        }
        return decideOnRace(observation)
    }
}

private func decideOnStandbyBootstrap(_ observation: Observation) -> Decision {
    switch observation.cluster.initialization {
    case .never:
        return Decision(.bootstrapStandby, "trying to bootstrap a new standby leader")
    case .inProgress(let member) where member == observation.me:
        return Decision(.bootstrapStandby, "trying again to bootstrap a new standby leader")
    case .inProgress(let member):
        return Decision(.wait, "waiting for \(member ?? "another member") to bootstrap")
    case .done:
        return Decision(.wait, "waiting for standby_leader to bootstrap")
    }
}
