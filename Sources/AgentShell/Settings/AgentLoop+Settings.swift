import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Applies changed settings to a running server: a reload; what needs a restart is published as pending.
    func keepSettings(_ observation: Observation) async {
        guard activity == nil, let role = life.role else { return }
        switch observation.server {
        case .primary, .standby: break
        case .noData, .unusable, .damaged, .stopped, .starting, .unresponsive: return
        }
        await noteStart()
        await undoEdits()
        do {
            guard let settings = try settings() else { return }
            settingsKeeping.noteWanted(settings)
            guard settings != life.applied?.settings else {
                settingsKeeping.noteUnchanged(settings)
                let now = clock.now
                if settingsKeeping.isAutomaticConfigurationDue(at: now) || settingsKeeping.isProofOwed(at: now) {
                    beginProof(of: settings)
                }
                return
            }
            guard !settingsKeeping.isRefused(settings, at: clock.now) else { return }
            guard settingsKeeping.isProven(settings) else { return beginProof(of: settings) }
            try await writeConfiguration(role)
            guard settingsKeeping.fault == nil else { return }
            guard settingsKeeping.automaticFault == nil else {
                return logger.warning(
                    "the settings have changed, and postgresql.auto.conf may keep the server from using them: mend it")
            }
            logger.notice("the settings have changed; reloaded")
            tellReload()
        } catch let error as InvalidSettings {
            noteInvalid(error)
        } catch {
            logger.error("the settings were not applied; the former ones stay in force: \(error)")
        }
    }

    /// - Returns: nil before the store was read.
    /// - Throws: `InvalidSettings` with every problem.
    func settings() throws -> PostgresSettings? {
        guard let configuration = watch.view()?.configuration else { return nil }
        var settings = try settingsKeeping.check(
            configuration, clusterName: self.configuration.scope.cluster, version: instance.dataVersion)
        decorate(&settings)
        return settings
    }

    /// What the agent decides and no setting says. A server that runs keeps its names until this agent has decided them.
    private func decorate(_ settings: inout PostgresSettings) {
        settings.synchronousStandbyNames = synchronous.names?.description ?? seen?.synchronousStandbyNames ?? ""
        settings.holdsOutUsers = synchronous.holdsOutUsers
        // Only an agent that starts the server again can hold users out. While paused it starts none.
        if let configuration = watch.view()?.configuration {
            settings.endsAfterCrash =
                !configuration.isPaused
                && (configuration.synchronous.mode != .off || !settings.synchronousStandbyNames.isEmpty)
        }
    }

    /// The settings to run with: the store's, or the last good ones when somebody wrote nonsense there. A cluster must come
    /// up again whatever happened to its settings meanwhile.
    func wantedSettings() throws -> PostgresSettings { try chosenSettings().settings }

    func chosenSettings() throws -> (settings: PostgresSettings, isFormer: Bool) {
        do {
            guard let settings = try settings() else {
                throw AgentError(.actionFailed, "the cluster's settings were not read yet")
            }
            guard settingsKeeping.mayBeTried(settings) else {
                return (try formerSettings(insteadOf: settings), true)
            }
            return (settings, false)
        } catch let error as InvalidSettings {
            noteInvalid(error)
            return (try formerSettings(), true)
        }
    }

    private func noteInvalid(_ error: InvalidSettings) {
        if let fault = settingsKeeping.noteInvalid(error) { logger.error("\(fault.sentence)") }
    }

    /// The last good settings, with whom commits wait for as it is now.
    ///
    /// - Parameter wanted: what the store says; nil when it cannot be read.
    func formerSettings(insteadOf wanted: PostgresSettings? = nil) throws -> PostgresSettings {
        let usual = try PostgresSettings(clusterName: configuration.scope.cluster)
        var settings =
            settingsKeeping.former ?? wanted.map { settingsKeeping.substitute(for: $0, usual: usual) } ?? usual
        decorate(&settings)
        return settings
    }
}
