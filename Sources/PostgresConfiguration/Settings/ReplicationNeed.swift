/// What members and agents need of one parameter: a straight line over the number of instances, with a least value.
///
/// The operator's check and the agent's are this same one.
public struct ReplicationNeed: Hashable, Sendable {
    public let parameter: String
    public let perInstance: Int
    public let constant: Int
    public let minimum: Int
    /// What the need is made of, for people.
    public let reason: String

    /// - Parameter instances: 1 or more.
    public func needed(instances: Int) -> Int { max(minimum, perInstance * instances + constant) }

    /// The line in words: `2 × instances + 1`.
    public var formula: String {
        let line = (perInstance == 1 ? "" : "\(perInstance) × ") + "instances + \(constant)"
        return perInstance + constant < minimum ? "\(line), and at least \(minimum)" : line
    }

    public static let all = [
        // Walsenders do not count among the connections (PostgreSQL 12 and later), pg_rewind does.
        ReplicationNeed(
            parameter: "max_connections", perInstance: 1, constant: 14, minimum: 25,
            reason: "a rewind of each other member, 5 kept for superusers, 10 clients"),
        // An agent's question (IDENTIFY_SYSTEM, TIMELINE_HISTORY) is asked over a walsender, too; that of a member which does
        // not stream yet is in its two.
        ReplicationNeed(
            parameter: "max_wal_senders", perInstance: 2, constant: 1, minimum: 3,
            reason: "two for each other member, because a copy takes two, two for a standby cluster, one for the agent"),
        ReplicationNeed(
            parameter: "max_replication_slots", perInstance: 1, constant: 2, minimum: 4,
            reason: "one for each other member, one for a standby cluster, two for copies of others"),
    ]
}
