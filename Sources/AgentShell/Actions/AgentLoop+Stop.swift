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
    func killServer() async throws {
        try await instance.stop(.immediate)
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
