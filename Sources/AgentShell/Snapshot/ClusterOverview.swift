public import HighAvailability
public import PostgresConfiguration
public import Units

/// The cluster as `/cluster` shows it.
public struct ClusterOverview: Hashable, Sendable {
    /// One member as it describes itself in the store, or as it is seen from here.
    public struct Entry: Hashable, Sendable {
        public var name: String
        public var state: String
        public var role: MemberRole?
        public var replicationState: String?
        public var apiURL: String
        public var host: String?
        public var port: Int?
        public var timeline: Timeline?
        /// Some setting takes effect at its next restart.
        public var isRestartPending = false
        /// Which ones; empty also when it does not say.
        public var pendingRestart: [PendingSetting] = []
        public var tags: [String: TagValue] = [:]
        /// The larger of received and replayed; nil, as those are, where it is not known.
        public var position: LSN?
        public var received: LSN?
        public var replayed: LSN?

        public init(name: String, state: String, apiURL: String) {
            self.name = name
            self.state = state
            self.apiURL = apiURL
        }
    }

    /// A switchover that waits for its time.
    public struct ScheduledSwitchover: Hashable, Sendable {
        public var at: String
        public var from: String?
        public var to: String?

        public init(at: String, from: String? = nil, to: String? = nil) {
            self.at = at
            self.from = from
            self.to = to
        }
    }

    public var members: [Entry]
    public var leader: String?
    /// What the leader published in the lock object.
    public var leaderPosition: LSN?
    public var synchronousStandbys: Set<String> = []
    public var isQuorumMode = false
    public var isPaused = false
    public var scheduledSwitchover: ScheduledSwitchover?

    public init(members: [Entry], leader: String? = nil, leaderPosition: LSN? = nil) {
        self.members = members
        self.leader = leader
        self.leaderPosition = leaderPosition
    }
}
