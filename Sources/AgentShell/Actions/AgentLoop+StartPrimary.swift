import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Starts the stopped server as the primary it was.
    ///
    /// - Requires: the lock; checked again after everything that takes time, right before the start.
    /// - Parameter proves: whether new settings are proven first, where no former ones can be started with.
    func startPrimary(proves: Bool = true) async throws {
        try requireNoStandbyCluster()
        if proves { try await proveBeforeStart(.primary) }
        try keeper.requireFence()
        try await takeOverSynchronous(isRestart: true)
        let settings = try wantedSettings()
        try requireLock()
        try await bringUpPrimary(settings)
        await noteStart()
        try await instance.createRoles()
        life.noteRoles(exist: true)
        reign.noteStart()
        try await takeOffice()
    }

    /// Nobody is promoted while the cluster follows another one; checked again right before.
    func requireNoStandbyCluster() throws {
        guard watch.view()?.configuration.standbyCluster == nil else {
            throw AgentError(.actionFailed, "this is a standby cluster: nothing is started as a primary, or promoted")
        }
    }

    /// Starts the server as a primary; an end before it lets anybody in is a failed start.
    func bringUpPrimary(_ settings: PostgresSettings) async throws {
        do {
            try await instance.start(settings, as: .primary)
        } catch {
            outage.noteFailedStart()
            throw error
        }
        outage.noteComingUp()
        life.begin(settings, .primary)
        switch try await instance.waitUntilAccepting(deadline: .seconds(300)) {
        case .acceptingConnections: break
        case .starting:
            throw AgentError(.actionFailed, "PostgreSQL is still starting up")
        case .exited(let status):
            outage.noteFailedStart()
            doubt(settings, after: status)
            throw AgentError(.actionFailed, "PostgreSQL did not come up (\(status)); its log says why")
        }
    }
}
