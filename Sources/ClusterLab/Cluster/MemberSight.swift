import PostgresClient
public import Units

/// One member as its own server shows it: not what its agent says, nor what a label claims.
public struct MemberSight: Hashable, Sendable, CustomStringConvertible {
    public let name: String
    public let podUID: String
    public let address: String
    /// Takes writes: not in recovery.
    public let isPrimary: Bool
    /// A primary's own timeline, or the one a replica receives; nil on a replica that receives nothing.
    public let timeline: Timeline?
    /// A replica whose WAL receiver streams.
    public let isStreaming: Bool

    public var description: String {
        let state = isPrimary ? "primary" : isStreaming ? "streaming" : "not streaming"
        return "\(name) \(state)\(timeline.map { " on timeline \($0)" } ?? "")"
    }

    /// Asks the server in the Pod.
    static func look(
        name: String, podUID: String, address: String, account: WriteTarget
    ) async throws(PostgresError) -> MemberSight {
        let answer = try await account.at(host: address).query(Self.question, deadline: .seconds(2))
        return MemberSight(
            name: name, podUID: podUID, address: address, isPrimary: answer.value("recovery") == "f",
            timeline: answer.value("timeline").flatMap { UInt32($0) }.map { Timeline(rawValue: $0) },
            isStreaming: answer.value("streaming") == "t")
    }

    private static let question = """
        SELECT pg_is_in_recovery() AS recovery,
            CASE WHEN pg_is_in_recovery()
                THEN (SELECT received_tli FROM pg_stat_wal_receiver WHERE status = 'streaming')
                ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int
            END AS timeline,
            EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AS streaming
        """
}
