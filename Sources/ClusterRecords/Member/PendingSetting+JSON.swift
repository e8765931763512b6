import KubernetesModels
import PostgresConfiguration

/// Patroni's `pending_restart_reason`: `{name: {old_value, new_value}}`.
extension PendingSetting {
    /// Sorted by name; a value that is no text is empty, and what is no object is nothing.
    static func list(json: JSONValue?) -> [PendingSetting] {
        (json?.objectValue ?? [:]).sorted { $0.key < $1.key }.map { name, values in
            PendingSetting(
                name: name, oldValue: values["old_value"]?.stringValue ?? "",
                newValue: values["new_value"]?.stringValue ?? "")
        }
    }

    /// Of several with one name the first counts.
    static func json(_ settings: [PendingSetting]) -> JSONValue {
        .object(
            Dictionary(
                settings.map { ($0.name, ["old_value": .string($0.oldValue), "new_value": .string($0.newValue)]) },
                uniquingKeysWith: { first, _ in first }))
    }
}
