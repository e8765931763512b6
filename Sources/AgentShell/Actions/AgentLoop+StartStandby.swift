import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Starts the server read-only, with what it has and perhaps nobody to follow.
    func startStandby(following leader: String?) async throws {
        if let leader { return try await follow(leader, from: leader) }
        life.followNobody()
        try await bringUpStandby(.standby(upstream: nil))
    }

    func bringUpStandby(_ role: ServerRole) async throws {
        guard instance.runningPostmaster == nil else { return try await writeConfiguration(role) }
        try await proveBeforeStart(.standby)
        // A holder about to be promoted stays fenced.
        try keeper.lowerFence()
        let settings = try wantedSettings()
        do {
            try await instance.start(settings, as: role)
        } catch {
            outage.noteFailedStart()
            throw error
        }
        life.begin(settings, role)
        switch try await instance.waitUntilAccepting(deadline: .seconds(60)) {
        case .acceptingConnections: await noteStart()
        // Noted when it is seen to let somebody in.
        case .starting: break
        case .exited(let status):
            // Of a member that holds the lock, and only then: another one may be able to lead.
            outage.noteFailedStart()
            doubt(settings, after: status)
            throw AgentError(.actionFailed, "the standby ended while it was starting: \(status)")
        }
    }
}
