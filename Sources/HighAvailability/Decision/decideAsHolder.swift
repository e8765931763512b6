import Units

/// The lock is ours: there is to be one primary, here.
func decideAsHolder(_ observation: Observation) -> Decision {
    if let remote = observation.cluster.configuration.standbyCluster {
        return decideAsStandbyLeader(observation, of: remote)
    }
    if observation.isWatchdogMissing {
        if case .primary = observation.server {
            return Decision(.release, "Demoting self because watchdog could not be activated")
        }
        return Decision(.release, "Not promoting self because watchdog could not be activated")
    }
    if let decision = decideOnForcedFailover(observation) ?? decideOnStuckVolume(observation) { return decision }
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
        if let decision = decideOnOutage(observation) { return decision }
        if server.wasPrimary { return Decision(.startPrimary, "starting primary after failure") }
        return Decision(.startStandby(following: nil), "starting as readonly because i had the session lock")
    case .starting:
        if let decision = decideOnOutage(observation) { return decision }
        if observation.outage?.reasonToGiveWay(at: observation.now, observation.cluster.configuration) != nil {
            return Decision(
                .wait, "primary start has timed out, but continuing to wait because failover is not possible")
        }
        return Decision(.wait, "PostgreSQL is still starting up")
    case .unresponsive:
        if let decision = decideOnOutage(observation) { return decision }
        return Decision(.restart, "restarting PostgreSQL because it answers nobody")
    case .standby(let server):
        if let decision = decideOnPromotion(observation) { return decision }
        if server.isReplayPausedForSettings {
            return Decision(.restart, "restarting before promotion: replay is paused for insufficient settings")
        }
        if observation.cluster.members[observation.me]?.role == .standbyLeader {
            return Decision(.promote, "promoted self to leader because I had the session lock")
        }
        return Decision(.promote, "promoted self to leader by acquiring session lock")
    case .primary(let server):
        if let decision = decideInFailsafe(observation) { return decision }
        if let decision = decideOnRequest(observation, mustNameCandidate: false) { return decision }
        if let decision = decideOnRestart(observation, server, role: .primary) { return decision }
        return Decision(.lead, "no action. I am (\(observation.me)), the leader with the lock")
    }
}

/// A switchover or failover request, seen by the leader it concerns.
func decideOnRequest(_ observation: Observation, mustNameCandidate: Bool) -> Decision? {
    guard let request = observation.cluster.failover else { return nil }
    let refused = Action.refuseHandOver(requestID: request.requestID)
    if let schedule = request.schedule {
        guard !observation.cluster.configuration.isPaused else {
            return Decision(refused, "switchover refused: Can't schedule switchover in the paused state")
        }
        guard request.leader != nil else {
            return Decision(refused, "switchover refused: Failover can't be scheduled")
        }
        guard let now = observation.wallClock else { return nil }
        switch schedule.phase(at: now, loopWait: observation.cluster.configuration.timings.loopWait) {
        case .unreadable:
            return Decision(refused, "switchover refused: Unable to parse scheduled timestamp: \(schedule.text)")
        case .missed:
            return Decision(
                refused, "switchover refused: Found a stale switchover value, cleaning up: \(schedule.text)")
        case .awaited: return nil
        case .due: break
        }
    }
    if request.candidate == observation.me {
        return Decision(
            .finishHandOver(requestID: request.requestID),
            "manual failover: \(observation.me) leads, as it was asked for")
    }
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
    guard let member = observation.cluster.members[candidate] else {
        return Decision(refused, "switchover refused: candidate \(candidate) does not exist")
    }
    guard member.tags.mayLead else {
        return Decision(refused, "switchover refused: candidate \(candidate) is not allowed to promote")
    }
    return Decision(.handOver(to: candidate, requestID: request.requestID), "switchover: demoting myself")
}

/// The lock is ours and its server is down or stuck, and somebody has asked for another member whatever it costs.
///
/// A server that runs and can write hands over in order instead; one that is about to be promoted is let finish, then it hands
/// over.
private func decideOnForcedFailover(_ observation: Observation) -> Decision? {
    switch observation.server {
    case .noData, .unusable, .damaged, .standby: return nil
    case .primary where !observation.isVolumeStuck: return nil
    case .stopped, .starting, .primary, .unresponsive: break
    }
    guard let candidate = observation.forcedSuccessor else { return nil }
    return Decision(.release, "manual failover: released the lock to \(candidate): no primary runs here")
}

extension Observation {
    /// The member that is to lead in place of this one at the price of commits, if it could; nil when nobody asked for it.
    ///
    /// Nor when this member was elected with that very request before everybody: its candidate did not answer, or may not lead,
    /// whatever it said of itself before. To let go again would only bring the same election, for ever.
    var forcedSuccessor: String? {
        guard let request = cluster.failover, request.isForced, request.schedule == nil, request != wonRequest,
            let candidate = request.candidate, candidate != me,
            let member = cluster.members[candidate], member.tags.mayLead, member.state == .running,
            !member.isBeingDeleted
        else { return nil }
        return candidate
    }
}
