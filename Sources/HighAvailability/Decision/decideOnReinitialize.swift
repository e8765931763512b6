import Units

/// This member is asked to copy the cluster's data anew, and has not answered yet; nil when it is not.
///
/// Comes before what is thought of the data that is there: whoever names the member says that it is of no use. It works also
/// while paused: somebody asked for exactly this. What it takes away is moved aside, and only while another member leads and
/// runs as a primary, from which the copy is made.
func decideOnReinitialize(_ observation: Observation) -> Decision? {
    guard let order = observation.cluster.reinitialize, order.member == observation.me,
        order.id != observation.answeredReinitialize
    else { return nil }
    guard observation.begunReinitialize != order.id else { return decideOnBegunReinitialize(observation, order) }
    // Without the lock it is stopped first, whatever else is asked of it.
    if case .primary = observation.server, !observation.lock.isMine, !observation.cluster.configuration.isPaused {
        return nil
    }
    if let objection = objection(to: order, observation) {
        let report = ReinitializeReport(id: order.id, outcome: .refused, reason: objection)
        return Decision(.answerReinitialize(report), "not reinitializing: \(objection)")
    }
    guard case .held(let leader) = observation.lock else { return nil }
    let source = cloneSource(observation, of: leader)
    return Decision(.reinitialize(order, from: source), "reinitializing from \(source), as it was asked for")
}

/// The old data is out of the way: what comes is what any member without data does, until the copy streams.
///
/// While paused nobody else would start a copy that its agent has not started, or whose source was no leader.
private func decideOnBegunReinitialize(_ observation: Observation, _ order: ReinitializeOrder) -> Decision? {
    if observation.cluster.configuration.isPaused, case .stopped = observation.server,
        case .held(let leader) = observation.lock, isServing(leader, in: observation.cluster)
    {
        let decision = decideAsFollower(observation, of: leader)
        return Decision(decision.action, "PAUSE: \(decision.reason), as the new copy was asked for")
    }
    guard let end = endOfCopy(observation) else { return nil }
    let report = ReinitializeReport(id: order.id, outcome: .succeeded, reason: "reinitialized: \(end)")
    return Decision(.answerReinitialize(report), report.reason)
}

/// What a copy does that is complete; nil while it is not known to be.
private func endOfCopy(_ observation: Observation) -> String? {
    switch observation.server {
    case .standby(let server) where server.isStreaming: "the copy streams"
    // It will never stream.
    case .standby where observation.tags.streamsFromNobody:
        "the copy runs, and receives nothing: the tag nostream is set"
    // Its leader died when it was complete.
    case .primary where observation.lock.isMine: "the copy leads"
    case .noData, .unusable, .damaged, .stopped, .starting, .primary, .standby, .unresponsive: nil
    }
}

/// Why a member's data must not be replaced now, in Patroni's words where it has some; nil when it may be.
///
/// Force overrules what only costs time: another copy at the same time, and commits that wait. It does not overrule what could
/// take the last copy away.
func objection(to order: ReinitializeOrder, _ observation: Observation) -> String? {
    let cluster = observation.cluster
    guard case .held(let leader) = observation.lock else {
        return observation.lock.isMine
            ? "I am the leader, can not reinitialize" : "Cluster has no leader, can not reinitialize"
    }
    guard isServing(leader, in: cluster) else {
        let role = cluster.configuration.standbyCluster == nil ? "primary" : "standby leader"
        return "the leader \(leader) does not run as a \(role), and there would be nothing to copy from"
    }
    switch observation.server {
    case .noData: return "there is no data to replace; a copy is made without being asked for"
    case .primary: return "a primary runs here"
    case .unusable, .damaged, .stopped, .starting, .standby, .unresponsive: break
    }
    guard !order.isForced else { return nil }
    let copying = cluster.members.values.filter { $0.name != observation.me && $0.state == .creatingReplica }
    if let first = copying.map(\.name).min() {
        return "\(first) is being copied: one member after the other, or force it"
    }
    if isNeededByCommits(observation, leader: leader) {
        return "in strict synchronous mode commits would wait until the copy is done: no other standby confirms them; "
            + "force it if they may"
    }
    return nil
}

/// With this standby gone, no commit of a strictly synchronous cluster would return.
private func isNeededByCommits(_ observation: Observation, leader: String) -> Bool {
    let policy = observation.cluster.configuration.synchronous
    guard policy.mode != .off, policy.isStrict,
        observation.cluster.synchronous?.members.contains(observation.me) == true
    else { return false }
    return !observation.cluster.members.values.contains {
        $0.name != observation.me && $0.name != leader && $0.tags.mayBeSynchronous && $0.tags.replicatesFrom == nil
            && objectionToStandby($0, in: observation.cluster) == nil
    }
}
