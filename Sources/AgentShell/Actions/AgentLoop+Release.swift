import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Lets go of a lock that nobody asked for; see ``ReleasePlan`` for who goes first.
    func release(_ plan: ReleasePlan) async throws {
        if let time = plan.timeForHand(server), try await isRestartedByHand(within: time) { return }
        if plan.mayLeadAfterAll, await hasEndedRecovery() { return }
        if plan.endsServer(server) { try await killServer(mayLeaveDying: volumeStuckSince != nil) }
        let way = plan.timeForOthers(timings)
        if let way { standingBack.giveWay(until: clock.now + way) }
        _ = await keeper.release(heir: nil, position: nil)
        if way != nil { standingBack.noteGivenWay() }
        // What runs is a standby, which needs no deadline.
        try keeper.lowerFence()
        try await clock.sleep(for: timings.retryTimeout)
    }

    /// `pg_ctl restart` stops a server, and starts another one a moment later.
    func isRestartedByHand(within limit: Duration) async throws -> Bool {
        let deadline = clock.now + limit
        while clock.now < deadline {
            if await adoptStartedByHand() { return true }
            try await clock.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// Whether the server is a primary by now; asked right before it is ended.
    func hasEndedRecovery() async -> Bool {
        guard case .answered(let status) = await instance.observe(deadline: .seconds(1)) else { return false }
        return !status.isInRecovery
    }
}
