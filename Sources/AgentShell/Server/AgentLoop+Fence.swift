import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    func requireLock() throws {
        try Task.checkCancellation()
        guard watch.standing(ttl: timings.ttl).isMine else {
            throw AgentError(.actionFailed, "the lock is not held any more, so nothing is started as a primary")
        }
    }

    /// Nothing runs here and the lock is not this member's, but init may still have a deadline of a reign that is over: it
    /// would kill what comes next, a recovery, a copy or a standby.
    func lowerFenceWhenIdle() async {
        guard keeper.mayBeFenced, activity == nil, !server.hasProcess, !watch.standing(ttl: timings.ttl).isMine else {
            return
        }
        do {
            // Backends outlive a postmaster that was killed, and those the deadline is for.
            try await instance.killLeftovers()
            try keeper.lowerFence()
        } catch {
            logger.error("the fence stays in force: \(error)")
        }
    }

    /// Somebody promoted a standby leader by hand: what takes writes has to be fenced.
    func keepFence() {
        guard case .primary = server, keeper.isFenceRelaxed, watch.standing(ttl: timings.ttl).isMine else { return }
        do {
            try keeper.requireFence()
        } catch {
            logger.critical("a primary runs here without a fence: \(error)")
        }
    }
}
