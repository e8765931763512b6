import Units

/// Paused: nothing starts, stops or is promoted, unless somebody asked for exactly that; the holder keeps what it has.
func decideWhilePaused(_ observation: Observation) -> Decision {
    if let remote = observation.cluster.configuration.standbyCluster, case .mine = observation.lock,
        case .standby(let server) = observation.server
    {
        let decision = decideOnRunningStandbyLeader(observation, server, of: remote)
        return Decision(decision.action, "PAUSE: \(decision.reason)")
    }
    switch (observation.server, observation.lock) {
    case (.primary(let server), .mine):
        if let decision = decideInFailsafe(observation) { return decision }
        if let decision = decideOnRequest(observation, mustNameCandidate: true) { return decision }
        if let decision = decideOnRestart(observation, server, role: .primary) { return decision }
        return Decision(.lead, "PAUSE: no action. I am (\(observation.me)), the leader with the lock")
    case (.primary, .held):
        return Decision(.wait, "PAUSE: continue to run as primary without lock")
    case (.primary, _):
        return Decision(.acquire, "PAUSE: acquired session lock as a leader")
    case (.stopped, .mine), (.noData, .mine), (.damaged, .mine):
        return Decision(.release, "PAUSE: removed leader lock because postgres is not running")
    case (.standby(let server), .mine) where observation.isElectedByRequest && !server.isReplayPausedForSettings:
        return Decision(.promote, "PAUSE: promoted self to leader by acquiring session lock, as it was asked for")
    case (.standby, .released(heir: let heir, since: _)) where heir == observation.me:
        return Decision(.acquire, "PAUSE: taking the lock that was handed to me")
    case (.standby, let lock) where lock.isFree && isForcedCandidate(observation):
        return Decision(.race, "PAUSE: manual failover: I am the candidate")
    case (.standby, .mine):
        return Decision(.release, "PAUSE: removed leader lock because postgres is not running as primary")
    case (.standby(let server), .held(let leader)):
        if let following = decideOnFollowing(observation, of: leader) {
            return Decision(following.action, "PAUSE: following the leader (\(leader))")
        }
        return decideOnRestart(observation, server, role: .replica)
            ?? Decision(.wait, "PAUSE: no action. I am (\(observation.me))")
    case (.noData, .held(let leader)) where isServing(leader, in: observation.cluster):
        let copy = decideOnCopy(observation, of: leader)
        return Decision(copy.action, "PAUSE: \(copy.reason)")
    case (.noData, _):
        return Decision(.wait, "PAUSE: running with empty data directory")
    case (.stopped, _):
        return Decision(.wait, "PAUSE: postgres is not running")
    case (.standby, _), (.starting, _), (.unresponsive, _), (.unusable, _), (.damaged, _):
        break
    }
    return Decision(.wait, "PAUSE: no action. I am (\(observation.me))")
}

private func isForcedCandidate(_ observation: Observation) -> Bool {
    guard let request = observation.cluster.failover, request.isForced, request.schedule == nil,
        observation.tags.mayLead,
        observation.standsBackUntil.map({ observation.now >= $0 }) ?? true
    else { return false }
    return request.candidate == observation.me
}
