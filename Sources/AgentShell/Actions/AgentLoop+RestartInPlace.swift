import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Restarts the leader's server in place: the lock is renewed meanwhile, the Services keep leading here.
    ///
    /// A server that does not come up again within `primary_start_timeout` is stopped and its lock let go, so that a
    /// standby, which has restarted with the same settings before, takes over.
    func restartPrimary(_ order: RestartOrder) async throws {
        do {
            // While clients are still served, and only then.
            try await proveBeforeStart(.restart)
            // What the shutdown has to write is written while clients are still served.
            try await checkpoint(within: .seconds(120))
            try requireLock()
        } catch {
            return answer(order, .failed, "restart failed: \(error)")
        }
        logger.notice("restarting the primary", metadata: ["restart": "\(order.id)"])
        do {
            try await instance.stop(.fast, deadline: stopLimit(.seconds(60)))
            try await startPrimaryInTime()
            answer(order, .succeeded, "restarted successfully")
        } catch {
            answer(order, .failed, "restart failed: \(error)")
            // Without the lock decide(_:) stops what runs.
            try requireLock()
            if case .answered(let status) = await instance.observe(deadline: .seconds(1)), !status.isInRecovery {
                return
            }
            try await killServer()
            _ = await keeper.release(heir: nil, position: nil)
            throw error
        }
    }

    /// - Throws: also when `primary_start_timeout` has passed.
    private func startPrimaryInTime() async throws {
        guard let limit = watch.view()?.configuration.primaryStartTimeout, limit > .zero else {
            return try await startPrimary(proves: false)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.startPrimary(proves: false) }
            group.addTask {
                try await self.clock.sleep(for: limit)
                throw AgentError(.actionFailed, "PostgreSQL did not come up within \(limit), primary_start_timeout")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Restarts a standby in place, once no commit waits for it.
    func restartStandby(_ order: RestartOrder) async throws {
        let leader = life.followed?.name
        logger.notice("restarting the standby", metadata: ["restart": "\(order.id)"])
        do {
            try await proveBeforeStart(.restart)
            await leaveSynchronous(within: timings.ttl)
            try Task.checkCancellation()
            try await instance.stop(.fast, deadline: stopLimit(.seconds(60)))
            try Task.checkCancellation()
            if watch.standing(ttl: timings.ttl).isMine, watch.view()?.configuration.standbyCluster != nil {
                try await followRemote()
            } else {
                try await startStandby(following: leader == watch.view()?.lock?.leader ? leader : nil)
            }
            await streamsAgain(within: .seconds(30))
            answer(order, .succeeded, "restarted successfully")
        } catch {
            answer(order, .failed, "restart failed: \(error)")
            throw error
        }
    }

    /// The next member is not restarted before this one receives again; one that cannot is no failed restart, and without a
    /// leader there is something better to do. The record names one that has died for as long as nobody else leads.
    private func streamsAgain(within limit: Duration) async {
        let deadline = clock.now + limit
        while clock.now < deadline, !watch.standing(ttl: timings.ttl).isFree {
            if case .answered(let status) = await instance.observe(deadline: .seconds(1)) {
                life.see(status)
                if status.receiver?.isStreaming == true || !status.isInRecovery { return }
            }
            do { try await clock.sleep(for: .milliseconds(50)) } catch { return }
        }
    }

    private func answer(_ order: RestartOrder, _ outcome: RestartReport.Outcome, _ reason: String) {
        logger.log(level: outcome == .failed ? .error : .notice, "\(reason)", metadata: ["restart": "\(order.id)"])
        requests.noteAnswer(RestartReport(id: order.id, outcome: outcome, reason: reason))
    }
}
