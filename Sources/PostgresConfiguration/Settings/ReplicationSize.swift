/// How much of one parameter a cluster needs, and gets when nobody sets it, by its number of instances.
///
/// Any member may be the primary tomorrow, and a standby's values must not be below its primary's, so all members have the same.
public struct ReplicationSize: Hashable, Sendable {
    public let need: ReplicationNeed
    /// Less is refused.
    public let needed: Int
    /// The value when nobody sets one, the same for every number of instances up to ``capacity(for:)``; nil: the parameter's
    /// default is enough for every cluster.
    public let automatic: Int?

    public var parameter: String { need.parameter }
    /// Why a smaller value is refused.
    public func rule(instances: Int) -> String {
        "must be at least \(needed) with \(instances) instances (\(need.formula)): \(need.reason)"
    }
}

extension ReplicationSize {
    /// Numbers of instances up to which the automatic sizes fit: growing past one of them asks for a restart, and nothing else
    /// does.
    static let capacities = [8, 16, 32]

    /// Up to how many instances the automatic sizes of a cluster of so many fit.
    public static func capacity(for instances: Int) -> Int {
        capacities.first { $0 >= instances } ?? instances
    }

    /// The sizes of a cluster.
    ///
    /// | Parameter | Needed with n instances | Automatic up to 8, 16, 32 |
    /// |---|---|---|
    /// | `max_connections` | n + 14, at least 25 | its default, 100 |
    /// | `max_wal_senders` | 2·n + 1 | 20, 36, 68 |
    /// | `max_replication_slots` | n + 2, at least 4 | 20, 28, 44 |
    ///
    /// - Parameter instances: 1 or more.
    public static func sizes(instances: Int) -> [ReplicationSize] {
        ReplicationNeed.all.map { need in
            // What is left over is for others: pg_receivewal, subscriptions, backups.
            let spare = ["max_wal_senders": 3, "max_replication_slots": 10][need.parameter]
            let capacity = capacity(for: instances)
            return ReplicationSize(
                need: need, needed: need.needed(instances: instances),
                automatic: spare.map { need.needed(instances: capacity) + $0 })
        }
    }

    /// What a server has too little of, in a sentence for people; nil when it has enough.
    ///
    /// - Parameter running: name and value as the running postmaster got them on its command line.
    public static func shortage(running: [String: String], instances: Int) -> String? {
        let short = sizes(instances: instances).compactMap { size -> String? in
            guard let value = running[size.parameter].flatMap({ Int($0) }), value < size.needed else { return nil }
            return "\(size.parameter) is \(value), and \(instances) instances need \(size.needed)"
        }
        guard !short.isEmpty else { return nil }
        return short.joined(separator: "; ")
            + ". Until a restart, members that find no room here wait to copy or to stream"
    }
}
