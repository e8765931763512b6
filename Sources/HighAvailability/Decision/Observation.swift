public import Units

/// Everything a decision depends on, and nothing else.
public struct Observation: Codable, Hashable, Sendable {
    public var now: BootInstant
    /// This member's name.
    public var me: String
    public var tags: MemberTags
    public var cluster: ClusterView
    public var lock: LockStanding
    public var server: ServerState
    /// The long action under way, if one is; at most one runs at a time.
    public var activity: Activity?
    /// Leader whose course this standby has been checked against and follows; nil before it follows anyone.
    public var followed: FollowedLeader?
    /// The remote server this standby leader was told to follow; nil before it follows it.
    public var followedRemote: FollowedRemote?
    /// Why this running primary cannot become a standby of the remote server, asked a moment ago; nil: it can.
    public var remoteObjection: String?
    /// Since when this running standby has received nothing; nil while it streams.
    public var notStreamingSince: BootInstant?
    /// Standbys that were tried as a source of WAL or of a copy in vain, and until when they are not tried again.
    public var avoidedSources: [String: BootInstant]
    /// When this member last lost a race or gave a candidacy up; it lets others go first for a while.
    public var standsBackUntil: BootInstant?
    /// The orchestrator asked this agent to stop.
    public var isStopping: Bool
    /// The store cannot be reached, and the lock is this member's by the consent of the others.
    public var isFailsafeActive: Bool
    /// The lock was handed to this member, or taken because a request names it: it is to lead, also while paused.
    public var isElectedByRequest: Bool
    /// The request that was pending when this member was elected; it asks for no other election.
    public var wonRequest: FailoverRequest?
    /// The time of day, for what was asked for at a time of day, and for nothing else; nil: such requests wait.
    public var wallClock: WallInstant?
    /// The restart this member has answered last.
    public var answeredRestart: String?
    /// The copy this member was asked for and has answered for good.
    public var answeredReinitialize: String?
    /// The copy this member was asked for and has moved its data aside for; nil when there is none in the store.
    public var begunReinitialize: String?
    /// How the lock ended that this agent held last; nil while it holds one, and when it let go.
    public var lockEnd: LockEnd?
    /// This member holds the lock and has no running primary.
    public var outage: PrimaryOutage?
    /// This member holds the lock and cannot start the watchdog that it must not lead without.
    public var isWatchdogMissing: Bool
    /// This member's volume has taken no write for too long; see ``ServerHealth``.
    public var isVolumeStuck: Bool

    public init(
        now: BootInstant, me: String, tags: MemberTags = MemberTags(), cluster: ClusterView, lock: LockStanding,
        server: ServerState, activity: Activity? = nil, followed: FollowedLeader? = nil,
        followedRemote: FollowedRemote? = nil, remoteObjection: String? = nil, notStreamingSince: BootInstant? = nil,
        avoidedSources: [String: BootInstant] = [:],
        standsBackUntil: BootInstant? = nil, isStopping: Bool = false, isFailsafeActive: Bool = false,
        isElectedByRequest: Bool = false, wonRequest: FailoverRequest? = nil, wallClock: WallInstant? = nil,
        answeredRestart: String? = nil, answeredReinitialize: String? = nil, begunReinitialize: String? = nil,
        lockEnd: LockEnd? = nil, outage: PrimaryOutage? = nil, isWatchdogMissing: Bool = false,
        isVolumeStuck: Bool = false
    ) {
        self.now = now
        self.me = me
        self.tags = tags
        self.cluster = cluster
        self.lock = lock
        self.server = server
        self.activity = activity
        self.followed = followed
        self.followedRemote = followedRemote
        self.remoteObjection = remoteObjection
        self.notStreamingSince = notStreamingSince
        self.avoidedSources = avoidedSources
        self.standsBackUntil = standsBackUntil
        self.isStopping = isStopping
        self.isFailsafeActive = isFailsafeActive
        self.isElectedByRequest = isElectedByRequest
        self.wonRequest = wonRequest
        self.wallClock = wallClock
        self.answeredRestart = answeredRestart
        self.answeredReinitialize = answeredReinitialize
        self.begunReinitialize = begunReinitialize
        self.lockEnd = lockEnd
        self.outage = outage
        self.isWatchdogMissing = isWatchdogMissing
        self.isVolumeStuck = isVolumeStuck
    }

    /// Those of ``avoidedSources`` that are avoided now.
    var sourcesToAvoid: Set<String> { Set(avoidedSources.filter { now < $0.value }.keys) }
}

/// The leader whose standby a member is, in which of its reigns, and through whom it receives.
public struct FollowedLeader: Codable, Hashable, Sendable {
    public var name: String
    public var epoch: Int64
    /// UID of the lock's object, whose epochs these are: one that is made anew counts from the beginning, and the same member
    /// may lead in the same epoch again. Nil when there was none.
    public var object: String?
    /// Whom it streams from: the leader itself, another standby, or nobody.
    public var source: String?
    /// Of the source; of the leader when it streams from nobody.
    public var host: String
    public var port: Int

    /// Streaming from the leader itself.
    public init(name: String, epoch: Int64, object: String? = nil, host: String, port: Int) {
        self.init(name: name, epoch: epoch, object: object, source: name, host: host, port: port)
    }

    public init(name: String, epoch: Int64, object: String? = nil, source: String?, host: String, port: Int) {
        self.name = name
        self.epoch = epoch
        self.object = object
        self.source = source
        self.host = host
        self.port = port
    }
}

/// The local PostgreSQL, as last observed.
public enum ServerState: Codable, Hashable, Sendable {
    /// The data directory is absent or empty.
    case noData
    /// There is data, but not of a server that could run: what is wrong with it.
    case unusable(reason: String)
    /// Data an action of ours has left half changed, and which action; only a new copy helps.
    case damaged(by: String)
    case stopped(StoppedServer)
    /// The postmaster runs and does not accept connections yet.
    case starting(systemIdentifier: String)
    case primary(RunningServer)
    case standby(RunningServer)
    /// The postmaster runs and answers nobody, beyond every deadline.
    case unresponsive(systemIdentifier: String)

    public var systemIdentifier: String? {
        switch self {
        case .noData, .unusable, .damaged: nil
        case .stopped(let server): server.systemIdentifier
        case .starting(let identifier), .unresponsive(let identifier): identifier
        case .primary(let server), .standby(let server): server.systemIdentifier
        }
    }

    /// Where it is, or where it ended.
    public var timeline: Timeline? {
        switch self {
        case .noData, .unusable, .damaged, .starting, .unresponsive: nil
        case .stopped(let server): server.timeline
        case .primary(let server), .standby(let server): server.timeline
        }
    }

    public var hasProcess: Bool {
        switch self {
        case .noData, .unusable, .damaged, .stopped: false
        case .starting, .primary, .standby, .unresponsive: true
        }
    }
}

/// A data directory without a server, as pg_control describes it.
public struct StoppedServer: Codable, Hashable, Sendable {
    public var systemIdentifier: String
    public var timeline: Timeline
    /// It ran as a primary when it ended, and not as a standby.
    public var wasPrimary: Bool
    /// It was shut down in order: there is nothing to recover.
    public var isClean: Bool
    /// Latest checkpoint; of a clean primary the last record it wrote.
    public var position: LSN

    public init(systemIdentifier: String, timeline: Timeline, wasPrimary: Bool, isClean: Bool, position: LSN) {
        self.systemIdentifier = systemIdentifier
        self.timeline = timeline
        self.wasPrimary = wasPrimary
        self.isClean = isClean
        self.position = position
    }
}

/// A server that answers.
public struct RunningServer: Codable, Hashable, Sendable {
    public var systemIdentifier: String
    public var timeline: Timeline
    /// Primary: end of flushed WAL. Standby: the larger of received and replayed.
    public var position: LSN
    public var isStreaming: Bool
    /// A standby whose replay has stopped because its settings are too small cannot be promoted (acceptance row 228).
    public var isReplayPausedForSettings: Bool
    /// As PostgreSQL says it; compared for equality only.
    public var postmasterStartTime: String?
    /// A changed setting takes effect at the next start only.
    public var isRestartPending: Bool

    public init(
        systemIdentifier: String, timeline: Timeline, position: LSN, isStreaming: Bool = false,
        isReplayPausedForSettings: Bool = false, postmasterStartTime: String? = nil, isRestartPending: Bool = false
    ) {
        self.systemIdentifier = systemIdentifier
        self.timeline = timeline
        self.position = position
        self.isStreaming = isStreaming
        self.isReplayPausedForSettings = isReplayPausedForSettings
        self.postmasterStartTime = postmasterStartTime
        self.isRestartPending = isRestartPending
    }
}
