import KubernetesModels
import PostgresConfiguration

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
    fileprivate init(onDisk value: JSONValue, clusterName: String) throws(InvalidSettings) {
        func lines(_ key: String) -> [String] { (value[key]?.arrayValue ?? []).compactMap(\.stringValue) }
        try self.init(
            clusterName: clusterName, parameters: value["parameters"]?.stringMapValue ?? [:], hba: lines("pg_hba"),
            ident: lines("pg_ident"))
        // What was accepted in a larger cluster is not measured by the size of this one.
        if let capacity = value["capacity"]?.intValue { self.capacity = capacity }
    }

    fileprivate var onDisk: JSONValue {
        [
            "parameters": .object(parameters.mapValues(JSONValue.string)),
            "pg_hba": .array(hostBasedAuthentication.map { .string($0.text) }),
            "pg_ident": .array(userNameMaps.map { .string($0.text) }), "capacity": JSONValue(capacity),
        ]
    }
}

/// What a member keeps of its settings over the end of the agent and its container.
struct KeptSettings: Hashable {
    /// What a running server here has read last without an objection.
    let accepted: PostgresSettings
    /// What one has started with last; nil: not known, as with a file of an earlier version, which has ``accepted`` alone.
    let started: PostgresSettings?
    /// A start with the former ones was begun where the store said others, and has let nobody in yet.
    let isStarting: Bool

    init(accepted: PostgresSettings, started: PostgresSettings?, isStarting: Bool = false) {
        self.accepted = accepted
        self.started = started
        self.isStarting = isStarting
    }

    /// Reads what ``onDisk`` wrote.
    ///
    /// - Throws: when it is no JSON, or `InvalidSettings`.
    init(onDisk text: String, clusterName: String) throws {
        let value = try JSONValue(parsing: text)
        accepted = try PostgresSettings(onDisk: value, clusterName: clusterName)
        started = try value["started"].map { try PostgresSettings(onDisk: $0, clusterName: clusterName) }
        isStarting = value["starting"] == true
    }

    var onDisk: String {
        var value = accepted.onDisk
        if let started { value["started"] = started.onDisk }
        if isStarting { value["starting"] = true }
        return value.serialized()
    }
}
