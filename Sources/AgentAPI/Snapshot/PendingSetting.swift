import ClusterRecords
import PostgresConfiguration

extension OrderedJSON {
    static func pendingRestart(_ settings: [PendingSetting]) -> OrderedJSON {
        .object(
            settings.map {
                ($0.name, .object([("old_value", .string($0.oldValue)), ("new_value", .string($0.newValue))]))
            })
    }
}
