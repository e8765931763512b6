import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// How much WAL slots may keep, where nobody has said.
///
/// A replica that is away would have the primary keep WAL until its volume is full, and then nobody writes. A cluster that was
/// made before there was this bound has none, and gets none: the store remembers what a new one began with.
extension ClusterContext {
    private static let parameter = "max_slot_wal_keep_size"
    /// Below `matriarch` in the configuration.
    private static let key = "slot_wal_limit"

    /// The dynamic configuration as it is to be in the store.
    ///
    /// - Parameters:
    ///   - current: what is there; nil: nothing, or what nobody can read.
    ///   - isNew: the cluster has neither data nor a configuration yet.
    func configuration(over current: JSONValue?, isNew: Bool) -> JSONValue {
        let limit = current?.value(at: "matriarch", Self.key)?.stringValue ?? (isNew ? firstLimit : nil)
        var configuration = spec.dynamicConfiguration
        guard let limit else { return configuration.json(over: current) }
        let isGiven = configuration.parameters.contains { $0.key.lowercased() == Self.parameter }
        if !isGiven { configuration.parameters[Self.parameter] = limit }
        var json = configuration.json(over: current)
        var own = json["matriarch"]?.objectValue ?? [:]
        own[Self.key] = .string(limit)
        json["matriarch"] = .object(own)
        return json
    }

    /// Half of the volume. What is left is for the data, and for the WAL between two checkpoints.
    private var firstLimit: String { "\(max((spec.storage.size.value / 2) >> 20, 64))MB" }
}
