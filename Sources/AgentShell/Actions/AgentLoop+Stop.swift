import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Ends a primary that may not be one: at once, with every backend, never smart.
    func demote() async throws {
        try await killServer()
    }

    /// Kills every process of the data directory, then takes the fence down: there is nothing left to fence.
    ///
    /// - Parameter mayLeaveDying: what was killed may be there still, held up by a volume that hangs. It runs nothing of its
    ///   own any more, so it acknowledges nothing; but it has the files, and nothing may be begun on them.
    func killServer(mayLeaveDying: Bool = false) async throws {
        do {
            try await instance.stop(.immediate)
        } catch {
            guard mayLeaveDying, await instance.isDying() else { throw error }
            logger.warning("the volume keeps what was killed from ending", metadata: ["error": "\(error)"])
        }
        watchdog.disable()
        life.noteStop()
        try keeper.lowerFence()
    }

    /// How long a fast stop may take before it is made an immediate one.
    ///
    /// - Parameter longest: what the caller has, whatever the settings say.
    func stopLimit(_ longest: Duration = .seconds(600)) -> Duration {
        Shutdown.stopLimit(configured: watch.view()?.configuration.primaryStopTimeout ?? .zero, longest: longest)
    }
}
