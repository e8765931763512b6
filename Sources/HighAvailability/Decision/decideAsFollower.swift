/// Another member leads.
func decideAsFollower(_ observation: Observation, of leader: String) -> Decision {
    let isStandbyCluster = observation.cluster.configuration.standbyCluster != nil
    switch observation.server {
    case .noData:
        guard isServing(leader, in: observation.cluster) else {
            return Decision(.wait, "waiting for \(isStandbyCluster ? "standby_leader" : "leader") to bootstrap")
        }
        return decideOnCopy(observation, of: leader)
    case .unusable(let reason):
        return Decision(.refuse, reason)
    case .damaged(let operation):
        guard isServing(leader, in: observation.cluster) else {
            return Decision(.wait, "waiting for \(leader): \(operation) has left the data incomplete")
        }
        let source = cloneSource(observation, of: leader)
        return Decision(
            .clone(from: source), "cloning anew from '\(source)': \(operation) has left the data incomplete")
    case .stopped:
        guard isServing(leader, in: observation.cluster) else {
            return Decision(.wait, "waiting for \(leader) to become \(isStandbyCluster ? "standby leader" : "primary")")
        }
        return Decision(
            .rejoin(leader, from: streamSource(observation, of: leader).member), "starting as a secondary")
    case .starting:
        return Decision(.wait, "PostgreSQL is still starting up")
    case .unresponsive:
        return Decision(.restart, "restarting PostgreSQL because it answers nobody")
    case .primary:
        return Decision(
            .demote,
            isStandbyCluster
                ? "cannot be a real primary in standby cluster"
                : "demoting self because I do not have the lock and I was a leader")
    case .standby(let server):
        if server.isReplayPausedForSettings {
            return Decision(.restart, "restarting: replay is paused for insufficient settings")
        }
        return decideOnFollowing(observation, of: leader)
            ?? decideOnRestart(observation, server, role: .replica)
            ?? Decision(
                .wait,
                "no action. I am (\(observation.me)), a secondary, and \(streamSource(observation, of: leader).reason)")
    }
}

/// A member without data takes a copy.
func decideOnCopy(_ observation: Observation, of leader: String) -> Decision {
    let source = cloneSource(observation, of: leader)
    return Decision(
        .clone(from: source), "trying to bootstrap from \(source == leader ? "leader" : "replica") '\(source)'")
}

/// A running standby that is not yet behind this leader, in this reign, by the source it should have; nil when it is.
func decideOnFollowing(_ observation: Observation, of leader: String) -> Decision? {
    guard isServing(leader, in: observation.cluster) else { return nil }
    let source = streamSource(observation, of: leader)
    guard let member = observation.cluster.members[source.member ?? leader], let host = member.host else { return nil }
    let wanted = FollowedLeader(
        name: leader, epoch: observation.cluster.lock?.epoch ?? 0, object: observation.cluster.lock?.objectUID,
        source: source.member, host: host, port: member.port)
    guard observation.followed != wanted else {
        guard observation.cluster.configuration.standbyCluster != nil, !observation.cluster.configuration.isPaused,
            let member = source.member, hasReceivedNothing(observation)
        else { return nil }
        return Decision(
            .follow(leader, from: member), "receiving nothing from \(member): looking again whether its course is ours")
    }
    let isPlain = source.member == leader && observation.tags.replicatesFrom == nil
    return Decision(
        .follow(leader, from: source.member), isPlain ? "following new leader \(leader)" : source.reason)
}

private func streamSource(_ observation: Observation, of leader: String) -> StreamSource {
    chooseSource(
        of: observation.me, tags: observation.tags, leader: leader, in: observation.cluster,
        avoiding: observation.sourcesToAvoid)
}

func cloneSource(_ observation: Observation, of leader: String) -> String {
    chooseCloneSource(
        for: observation.me, leader: leader, in: observation.cluster, avoiding: observation.sourcesToAvoid)
}

/// The leader says that it runs as one: only then is there something to follow or to copy.
func isServing(_ leader: String, in cluster: ClusterView) -> Bool {
    guard let member = cluster.members[leader] else { return false }
    return (member.role == .primary || member.role == .standbyLeader) && member.state == .running
        && member.host != nil
}
