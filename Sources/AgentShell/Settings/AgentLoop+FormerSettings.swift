import ClusterRecords
import KubernetesModels
import Logging
import PostgresConfiguration
import ServerControl

/// The settings a server of this member has taken last. They stand in for those of the store that PostgreSQL refuses, and
/// outlive the agent and its container: only a server that runs can say that it refuses some.
extension AgentLoop {
    /// Finds what an earlier life has kept.
    func readAcceptedSettings() {
        guard let text = instance.keptSettings else { return }
        do {
            settingsKeeping.recall(try PostgresSettings(onDisk: text, clusterName: configuration.scope.cluster))
        } catch {
            logger.warning("the former settings cannot be read: \(error)")
        }
    }

    /// A server runs with these, or has read them without an objection.
    func noteAccepted(_ settings: PostgresSettings) async {
        guard let accepted = settingsKeeping.accept(settings) else { return }
        do {
            try await instance.keepSettings(accepted.onDisk)
        } catch {
            logger.warning("the settings in force were not kept for the next life: \(error)")
        }
    }

    /// A server has ended before it let anybody in, perhaps because of settings no server here has taken yet: the next start
    /// is made with the former ones. The server that comes up then says what it thinks of these.
    func doubt(_ settings: PostgresSettings) {
        guard instance.runningPostmaster == nil, !Task.isCancelled, settingsKeeping.doubt(settings) else { return }
        logger.warning("PostgreSQL did not come up with new settings; starting with the former ones next")
    }
}
