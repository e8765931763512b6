/// Another member leads.
func decideAsFollower(_ observation: Observation, of leader: String) -> Decision {
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
        if let decision = decideOnRestart(observation, server, role: .replica) { return decision }
        return Decision(
            .wait, "no action. I am (\(observation.me)), a secondary, and following a leader (\(leader))")
    }
}

func needsToFollow(_ observation: Observation, _ leader: String) -> Bool {
    guard isServing(leader, in: observation.cluster), let member = observation.cluster.members[leader],
        let host = member.host
    else { return false }
    let wanted = FollowedLeader(
        name: leader, epoch: observation.cluster.lock?.epoch ?? 0, host: host, port: member.port)
    return observation.followed != wanted
}

/// The leader says that it runs as a primary: only then is there something to follow or to copy.
func isServing(_ leader: String, in cluster: ClusterView) -> Bool {
    guard let member = cluster.members[leader] else { return false }
    return member.role == .primary && member.state == .running && member.host != nil
}
