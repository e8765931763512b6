/// A parameter whose value decides whether replication, failover or rewind work (Patroni 4.1 §5.5).
///
/// It may be set through the dynamic configuration only, within its limits, and is given to the postmaster on its command
/// line, so that `ALTER SYSTEM` and hand-edited files cannot undo it.
public struct ManagedParameter: Sendable {
    /// The values that are accepted.
    public enum Domain: Sendable {
        /// A whole number, at least `minimum`.
        case integer(minimum: Int)
        /// One of these words; `reason` says why others are refused.
        case words([String], reason: String)
        case boolean
        /// An amount of memory in megabytes, at least `minimum`.
        case megabytes(minimum: Int)
    }

    public let name: String
    public let defaultValue: String
    public let domain: Domain
    /// False for those that reload and therefore stay in the file.
    public let isOnCommandLine: Bool
    /// A standby refuses to replay (or pauses) when its value is below the primary's (PostgreSQL "Hot Standby", §27.4.3).
    public let mustNotBeBelowPrimary: Bool

    private init(
        _ name: String, _ defaultValue: String, _ domain: Domain, isOnCommandLine: Bool = true,
        mustNotBeBelowPrimary: Bool = false
    ) {
        self.name = name
        self.defaultValue = defaultValue
        self.domain = domain
        self.isOnCommandLine = isOnCommandLine
        self.mustNotBeBelowPrimary = mustNotBeBelowPrimary
    }

    /// Every managed parameter, in the order of the command line. The values of a ``ReplicationSize`` are those of the smallest
    /// cluster here.
    public static let all: [ManagedParameter] = [
        ManagedParameter(
            "wal_level", "replica",
            .words(["replica", "logical"], reason: "standbys, pg_basebackup and pg_rewind need at least replica")),
        ManagedParameter(
            "hot_standby", "on", .words(["on"], reason: "members are observed while they are in recovery")),
        ManagedParameter("max_connections", "100", .integer(minimum: 25), mustNotBeBelowPrimary: true),
        ManagedParameter("max_wal_senders", "20", .integer(minimum: 3), mustNotBeBelowPrimary: true),
        ManagedParameter("max_prepared_transactions", "0", .integer(minimum: 0), mustNotBeBelowPrimary: true),
        ManagedParameter("max_locks_per_transaction", "64", .integer(minimum: 32), mustNotBeBelowPrimary: true),
        ManagedParameter("max_worker_processes", "8", .integer(minimum: 2), mustNotBeBelowPrimary: true),
        ManagedParameter("track_commit_timestamp", "off", .boolean),
        ManagedParameter("max_replication_slots", "20", .integer(minimum: 4)),
        // The agent's own sessions are superuser's: the kept one, a fresh one that probes, the checkpoint after a promotion.
        ManagedParameter("superuser_reserved_connections", "5", .integer(minimum: 3)),
        ManagedParameter("wal_log_hints", "on", .boolean),
        ManagedParameter(
            "full_page_writes", "on", .words(["on"], reason: "pg_rewind needs it"), isOnCommandLine: false),
        ManagedParameter("wal_keep_size", "128MB", .megabytes(minimum: 16), isOnCommandLine: false),
        ManagedParameter("restart_after_crash", "on", .boolean, isOnCommandLine: false),
    ]

    static let byName: [String: ManagedParameter] = Dictionary(
        all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// Why `value` is refused; nil when it is accepted.
    public func rule(against value: String) -> String? {
        switch domain {
        case .integer(let minimum):
            guard let number = Int(value) else { return "must be a whole number of at least \(minimum)" }
            return number >= minimum ? nil : "must be at least \(minimum)"
        case .words(let words, let reason):
            if words.contains(value.lowercased()) { return nil }
            if words == ["on"], ParameterValue.boolean(value) == true { return nil }
            return "is refused: must be \(words.joined(separator: " or ")), \(reason)"
        case .boolean:
            return ParameterValue.boolean(value) == nil ? "must be on or off" : nil
        case .megabytes(let minimum):
            guard let megabytes = ParameterValue.megabytes(value) else {
                return "must be an amount of memory such as \(minimum)MB"
            }
            return megabytes >= minimum ? nil : "must be at least \(minimum)MB"
        }
    }
}
