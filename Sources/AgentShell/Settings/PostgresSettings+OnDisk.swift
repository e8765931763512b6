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
