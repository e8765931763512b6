import ClusterRecords
import KubernetesModels
import Logging
import PostgresConfiguration
import PostgresInstance

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

extension PostgresSettings {
    /// What the store says, without what the agent decides.
    var undecorated: PostgresSettings {
        var settings = self
        settings.synchronousStandbyNames = ""
        settings.holdsOutUsers = false
        settings.endsAfterCrash = false
        return settings
    }

    /// Reads what ``onDisk`` wrote.
    ///
    /// - Throws: when it is no JSON, or `InvalidSettings`.
    init(onDisk text: String, clusterName: String) throws {
        let value = try JSONValue(parsing: text)
        func lines(_ key: String) -> [String] { (value[key]?.arrayValue ?? []).compactMap(\.stringValue) }
        try self.init(
            clusterName: clusterName, parameters: value["parameters"]?.stringMapValue ?? [:], hba: lines("pg_hba"),
            ident: lines("pg_ident"))
        // What was accepted in a larger cluster is not measured by the size of this one.
        if let capacity = value["capacity"]?.intValue { self.capacity = capacity }
    }

    var onDisk: String {
        let value: JSONValue = [
            "parameters": .object(parameters.mapValues(JSONValue.string)),
            "pg_hba": .array(hostBasedAuthentication.map { .string($0.text) }),
            "pg_ident": .array(userNameMaps.map { .string($0.text) }), "capacity": JSONValue(capacity),
        ]
        return value.serialized()
    }
}
