import ClusterRecords

/// A server setting that takes effect at the next restart.
public struct PendingSetting: Hashable, Sendable {
    public var name: String
    public var oldValue: String
    public var newValue: String

    public init(name: String, oldValue: String, newValue: String) {
        self.name = name
        self.oldValue = oldValue
        self.newValue = newValue
    }
}

extension OrderedJSON {
    static func pendingRestart(_ settings: [PendingSetting]) -> OrderedJSON {
        .object(
            settings.map {
                ($0.name, .object([("old_value", .string($0.oldValue)), ("new_value", .string($0.newValue))]))
            })
    }
}
