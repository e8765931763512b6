public import Units

/// What `pg_controldata` says about a data directory, read with `LC_ALL=C`.
public struct ControlData: Hashable, Sendable {
    /// "Database cluster state"; PostgreSQL's `DBState`.
    public enum State: String, Hashable, Sendable {
        case startingUp = "starting up"
        case shutDown = "shut down"
        case shutDownInRecovery = "shut down in recovery"
        case shuttingDown = "shutting down"
        case inCrashRecovery = "in crash recovery"
        case inArchiveRecovery = "in archive recovery"
        case inProduction = "in production"
        case unrecognized = "unrecognized status code"
    }

    public let systemIdentifier: String
    public let state: State
    public let checkpoint: LSN
    public let redo: LSN
    public let timeline: Timeline
    /// How far recovery must go before the data is consistent; ``LSN/invalid`` when never in recovery.
    public let minimumRecoveryEnd: LSN
    public let minimumRecoveryTimeline: Timeline
    /// 0: off.
    public let dataChecksumVersion: Int
    public let hasWALLogHints: Bool
    /// The primary's `max_connections` and friends as last replayed (``ManagedParameter/mustNotBeBelowPrimary``).
    public let primarySettings: [String: Int]
    /// "pg_control last modified", as printed.
    public let modified: String

    /// pg_rewind works only where every change of a page is in the WAL.
    public var allowsRewind: Bool { dataChecksumVersion > 0 || hasWALLogHints }

    /// Nothing is left to recover: the last record is the shutdown checkpoint.
    public var isCleanShutdown: Bool { state == .shutDown || state == .shutDownInRecovery }

    /// The directory was last run as a standby.
    public var isStandby: Bool { state == .shutDownInRecovery || state == .inArchiveRecovery }
}

extension ControlData {
    private static let settingLabels = [
        "max_connections setting": "max_connections",
        "max_worker_processes setting": "max_worker_processes",
        "max_wal_senders setting": "max_wal_senders",
        "max_prepared_xacts setting": "max_prepared_transactions",
        "max_locks_per_xact setting": "max_locks_per_transaction",
    ]

    /// Reads the tool's output; nil when a field the agent decides on is missing or malformed.
    public init?(parsing output: String) {
        var fields: [String: String] = [:]
        for line in output.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop(while: { $0 == " " })
            fields[String(line[..<colon])] = String(value)
        }
        func position(_ label: String) -> LSN? { fields[label].flatMap(LSN.init) }
        func timeline(_ label: String) -> Timeline? {
            fields[label].flatMap { UInt32($0) }.map(Timeline.init(rawValue:))
        }
        guard let identifier = fields["Database system identifier"], identifier.utf8.count >= 10,
            identifier.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let state = fields["Database cluster state"],
            let checkpoint = position("Latest checkpoint location"),
            let redo = position("Latest checkpoint's REDO location"),
            let checkpointTimeline = timeline("Latest checkpoint's TimeLineID")
        else { return nil }
        systemIdentifier = identifier
        self.state = State(rawValue: state) ?? .unrecognized
        self.checkpoint = checkpoint
        self.redo = redo
        self.timeline = checkpointTimeline
        minimumRecoveryEnd = position("Minimum recovery ending location") ?? .invalid
        minimumRecoveryTimeline = timeline("Min recovery ending loc's timeline") ?? Timeline(rawValue: 0)
        dataChecksumVersion = fields["Data page checksum version"].flatMap { Int($0) } ?? 0
        hasWALLogHints = fields["wal_log_hints setting"] == "on"
        primarySettings = Dictionary(
            Self.settingLabels.compactMap { label, name in
                fields[label].flatMap { Int($0) }.map { (name, $0) }
            }, uniquingKeysWith: { first, _ in first })
        modified = fields["pg_control last modified"] ?? ""
    }
}
