import ClusterRecords
import KubernetesModels
import Logging
import PostgresConfiguration
import ServerControl

/// The settings a server of this member has taken last, and those one has started with. They stand in for those of the store
/// that PostgreSQL refuses, and outlive the agent and its container.
extension AgentLoop {
    /// Finds what an earlier life has kept.
    func readAcceptedSettings() {
        guard let text = instance.keptSettings else { return }
        do {
            settingsKeeping.recall(try KeptSettings(onDisk: text, clusterName: configuration.scope.cluster))
        } catch {
            logger.warning("the former settings cannot be read: \(error)")
        }
    }

    /// A running server has read these without an objection.
    func noteAccepted(_ settings: PostgresSettings) async {
        if settingsKeeping.accept(settings) { await keepAcceptedSettings() }
    }

    /// The server lets somebody in: it has started with what it was started with.
    func noteStart() async {
        guard let settings = life.takeStart() else {
            // Somebody else has started it.
            return settingsKeeping.forgetDoubt()
        }
        let (former, accepted) = (settingsKeeping.refused, settingsKeeping.accepted)
        var isNews = settingsKeeping.noteStart(with: settings, at: clock.now)
        // It may have read others before it let anybody in.
        if let accepted, let applied = life.applied?.settings, applied.undecorated == accepted,
            settingsKeeping.accept(applied)
        {
            isNews = true
        }
        if settingsKeeping.refused != former, let fault = settingsKeeping.fault { logger.error("\(fault.sentence)") }
        if isNews { await keepAcceptedSettings() }
    }

    func keepAcceptedSettings() async {
        guard let kept = settingsKeeping.kept else { return }
        do {
            try await instance.keepSettings(kept.onDisk)
        } catch {
            logger.warning("the settings in force were not kept for the next life: \(error)")
        }
    }

    /// A server has ended by itself before it let anybody in, perhaps because of settings no server here has started with
    /// yet: the next start is made with former ones. When that one comes up, these are refused.
    ///
    /// One that was killed says nothing of its settings: the kernel, a person or this agent has done it.
    func doubt(_ settings: PostgresSettings, after status: PostmasterExit.Status) {
        guard status.isOwnFailure, !Task.isCancelled, settingsKeeping.doubt(settings) else { return }
        logger.warning("PostgreSQL did not come up with new settings; starting with the former ones next")
    }
}
