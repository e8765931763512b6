import Units

/// A restart this member was asked for and has not answered (Patroni §1.19); nil when there is none.
///
/// Works also while paused: somebody asked for exactly this. A postmaster that started after the order was written has done
/// what the order asks, whoever restarted it; so no order is carried out twice, also when the agent dies right after it.
func decideOnRestart(_ observation: Observation, _ server: RunningServer, role: MemberRole) -> Decision? {
    guard let order = observation.cluster.restart, order.member == observation.me,
        order.id != observation.answeredRestart
    else { return nil }
    func skip(_ reason: String) -> Decision {
        Decision(.answerRestart(RestartReport(id: order.id, outcome: .skipped, reason: reason)), reason)
    }
    if let started = order.postmasterStartTime, server.postmasterStartTime != started {
        return skip("PostgreSQL was restarted meanwhile, at \(server.postmasterStartTime ?? "an unknown time")")
    }
    if order.onlyPending, !server.isRestartPending {
        return skip("restart conditions are not satisfied: no setting waits for a restart")
    }
    // Who asks for the leader says primary.
    if let wanted = order.role, wanted != role, !(wanted == .primary && role == .standbyLeader) {
        return skip("restart conditions are not satisfied: I am a \(role.rawValue)")
    }
    return Decision(.restartInPlace(order), "restarting PostgreSQL in place, as it was asked for")
}
