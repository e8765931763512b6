public import ClusterRecords
public import HighAvailability
public import PostgresConfiguration
public import Units

/// Everything the REST interface tells about its member, from memory.
///
/// It holds instants, not verdicts: whether the lock still holds or the loop is late is decided when a request arrives, so
/// that an agent whose loop has stopped does not go on answering what was true then.
public struct MemberSnapshot: Hashable, Sendable {
    // MARK: Identity

    /// The cluster's name.
    public var scope: String
    public var name: String
    /// Version of the agent.
    public var version: String

    // MARK: PostgreSQL

    public var state: MemberState
    public var role: MemberRole
    /// The last look at PostgreSQL got an answer; without one only state and role are told.
    public var isAnswering = false
    /// `server_version_num`, 150018.
    public var serverVersion: Int?
    /// `YYYY-MM-DD HH:MM:SS.ffffff+TZ`, PostgreSQL's own words.
    public var postmasterStartTime: String?
    public var systemIdentifier: String?
    public var timeline: Timeline?
    /// A primary's write position.
    public var location: LSN?
    public var received: LSN?
    public var replayed: LSN?
    /// Commit time of the last replayed transaction, written as ``postmasterStartTime``; nil before the first.
    public var replayedTimestamp: String?
    public var isReplayPaused = false
    /// `streaming`, `in archive recovery`, or nil.
    public var replicationState: String?
    public var replication: [ReplicationConnection] = []
    public var pendingRestart: [PendingSetting] = []
    /// How often the checksum of a page was wrong; nil: not known yet, or there are no checksums.
    public var checksumFailures: Int?
    public var tags: [String: TagValue] = [:]
    public var isSynchronousStandby = false
    public var isQuorumStandby = false

    // MARK: Cluster

    /// When this member's own lock runs out, counted from the last confirmed renewal; nil when it holds none.
    public var lockExpiry: BootInstant?
    /// When the loop's next run is due.
    public var nextLoop: BootInstant
    public var ttl: Duration
    /// The last time the store was read; nil before the first.
    public var storeSeen: BootInstant?
    /// The same moment by the wall clock, for people and graphs.
    public var storeSeenEpochSeconds: Int64 = 0
    /// Of the takeover by which it leads; nil when it does not, or took over from nobody, and until its first write.
    public var takeover: TakeoverPhases?
    /// Nobody holds the lock, as far as this member knows.
    public var isClusterUnlocked = false
    public var isPaused = false
    public var isFailsafeActive = false
    /// It must not lead, because the watchdog it needs cannot be used.
    public var isWatchdogFailed = false
    /// Address of each member in the leader's failsafe list; nil while the mode is off.
    public var failsafeMembers: [String: String]?
    /// What the leader published last.
    public var leaderPosition: LSN?
    public var maximumLagOnFailover: ByteCount = .mebibytes(1)
    /// nil before the store was read.
    public var cluster: ClusterOverview?
    /// JSON list of timeline switches as it is in the store.
    public var historyJSON: String?
    /// What this member decided last, oldest first.
    public var decisions: [DecisionRecord] = []
    /// JSON of the dynamic configuration as it is in the store; nil when there is none.
    public var configurationJSON: String?

    public init(
        scope: String, name: String, version: String, state: MemberState, role: MemberRole, nextLoop: BootInstant,
        ttl: Duration
    ) {
        self.scope = scope
        self.name = name
        self.version = version
        self.state = state
        self.role = role
        self.nextLoop = nextLoop
        self.ttl = ttl
    }
}
