import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Writes the server's files for a role and has a running server read them.
    ///
    /// Settings the server refuses do not stay in the files: there they would keep a server that stops from ever starting
    /// again. The last good ones take their place, with the role that was asked for, and the member says what is wrong.
    func writeConfiguration(_ role: ServerRole) async throws {
        // One at a time: a write that was decided before a seal must not land after it.
        try await configurationTurn.enter()
        defer { configurationTurn.leave() }
        let role = permitted(role)
        var (settings, isFormer) = try chosenSettings()
        if isFormer, settingsKeeping.accepted == nil, instance.runningPostmaster != nil {
            throw AgentError(
                .actionFailed,
                "the settings are refused, or not proven yet; the running server goes on with what it has")
        }
        let before = await instance.configurationTexts
        let change = try await instance.writeConfiguration(settings, role: role)
        guard change != .unchanged, instance.runningPostmaster != nil else { return life.apply(settings, role) }
        let found = try await instance.configurationFileErrors()
        // What ALTER SYSTEM has set on this member is no fault of the cluster's settings.
        noteAutomaticConfiguration(found.filter(\.isOfAutomaticConfiguration))
        let errors = found.filter { !$0.isOfAutomaticConfiguration }
        if errors.isEmpty {
            if !isFormer {
                settingsKeeping.noteTaken()
                await noteAccepted(settings)
            }
        } else {
            let fault = SettingsFault(errors, settings)
            settingsKeeping.refuse(isFormer ? nil : settings, because: fault, at: clock.now)
            logger.error("\(fault.sentence)")
            guard settingsKeeping.accepted != nil else {
                try await instance.restore(before)
                throw AgentError(.actionFailed, "the files of the server are left as they were")
            }
            settings = try formerSettings()
            try await instance.writeConfiguration(settings, role: role)
        }
        life.apply(settings, role)
        try await instance.reload()
    }

    func noteAutomaticConfiguration(_ errors: [ConfigurationFileError]) {
        guard !errors.isEmpty else { return }
        let fault = SettingsFault(automaticConfiguration: errors)
        if settingsKeeping.noteAutomaticConfiguration(fault, at: clock.now) { logger.error("\(fault.sentence)") }
    }

    /// The role to run in: without the upstream while this member is sealed.
    func permitted(_ role: ServerRole) -> ServerRole {
        guard seal != nil, case .standby = role else { return role }
        return .standby(upstream: nil)
    }
}
