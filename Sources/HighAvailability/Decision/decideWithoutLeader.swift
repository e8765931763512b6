import Units

/// Nobody leads.
func decideWithoutLeader(_ observation: Observation) -> Decision {
    if observation.cluster.configuration.standbyCluster != nil { return decideWithoutStandbyLeader(observation) }
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
    case .standby(let server) where server.isReplayPausedForSettings:
        return Decision(.restart, restartBeforeElection)
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
    if case .primary = observation.server {
        if let recorded = observation.cluster.recordedTimeline, server.timeline < recorded {
            return Decision(.demote, timelineBehind(server.timeline, recorded))
        }
        // Whoever leads goes on leading, whatever its tags have become: they are about who is elected.
        if case .mineFromEarlierLife = observation.lock {
            return Decision(.acquire, "acquired session lock as a leader")
        }
    }
    guard observation.tags.mayLead else {
        if case .primary = observation.server {
            return Decision(.demote, "demoting self because I am not allowed to become primary")
        }
        return Decision(.wait, "following a different leader because I am not allowed to promote")
    }
    return decideOnRace(observation)
}

/// Whether this is the moment to ask the others.
func decideOnRace(_ observation: Observation) -> Decision {
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
    /// A leader that is to stop or to hand over waits so long for a standby to receive from it, and goes on serving.
    public static let heirReceives: Duration = .seconds(5)
    /// A standby that receives nothing from another one for this long asks the leader; a lost connection is made anew in less.
    public static let sourceSilence: Duration = .seconds(3)
    /// A standby that was tried in vain is not asked again for this long.
    public static let avoidSource: Duration = .seconds(30)
    /// In a standby cluster, whoever receives nothing for this long looks whether its course is still the one to follow.
    public static let courseCheck: Duration = .seconds(10)
}

/// Data that cannot be the origin of a cluster.
private func isStandbyData(_ server: ServerState) -> Bool {
    switch server {
    case .standby: true
    case .stopped(let server): !server.wasPrimary
    case .noData, .unusable, .damaged, .starting, .primary, .unresponsive: false
    }
}

/// A standby that replays no more cannot be promoted: its startup process would end, and the server with it.
let restartBeforeElection = "restarting before an election: replay is paused for insufficient settings"

func timelineBehind(_ mine: Timeline, _ recorded: Timeline) -> String {
    "My timeline \(mine) is behind last known cluster timeline \(recorded)"
}
