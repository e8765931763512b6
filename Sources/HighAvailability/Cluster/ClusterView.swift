public import Units

/// One consistent look at the store.
public struct ClusterView: Codable, Hashable, Sendable {
    public var initialization: Initialization
    public var configuration: DynamicConfiguration
    /// nil when the lock object does not exist.
    public var lock: LockRecord?
    /// By name.
    public var members: [String: Member]
    public var failover: FailoverRequest?
    public var restart: RestartOrder?
    public var reinitialize: ReinitializeOrder?
    /// Who may be elected while commits wait for standbys; nil when there is no record.
    public var synchronous: SynchronousState?
    /// Newest last.
    public var history: [TimelineSwitch]

    public init(
        initialization: Initialization = .never, configuration: DynamicConfiguration = DynamicConfiguration(),
        lock: LockRecord? = nil, members: [String: Member] = [:], failover: FailoverRequest? = nil,
        restart: RestartOrder? = nil, reinitialize: ReinitializeOrder? = nil, synchronous: SynchronousState? = nil,
        history: [TimelineSwitch] = []
    ) {
        self.initialization = initialization
        self.configuration = configuration
        self.lock = lock
        self.members = members
        self.failover = failover
        self.restart = restart
        self.reinitialize = reinitialize
        self.synchronous = synchronous
        self.history = history
    }

    /// The member that began a timeline, as far as it was recorded.
    public func beginner(of timeline: Timeline) -> String? {
        history.last { $0.timeline.rawValue &+ 1 == timeline.rawValue }?.newLeader
    }

    /// A stopped primary of a timeline that, by the history, another member began.
    ///
    /// Both promoted from the timeline before it, the first one without being able to tell the store, and PostgreSQL gave both
    /// the same number. The standbys follow the recorded one's course, so the other must not lead again.
    public func isOnUnrecordedCourse(_ server: StoppedServer, of member: String) -> Bool {
        guard configuration.standbyCluster == nil, server.wasPrimary, let beginner = beginner(of: server.timeline)
        else { return false }
        return beginner != member
    }

    /// The timeline the cluster is known to have reached; nil before anything was recorded.
    ///
    /// Nil in a standby cluster: there the remote server says which course is the right one, and brings it to every member.
    public var recordedTimeline: Timeline? {
        guard configuration.standbyCluster == nil else { return nil }
        let fromHistory = history.last.map { Timeline(rawValue: $0.timeline.rawValue &+ 1) }
        return [fromHistory, lock?.timeline].compactMap { $0 }.max()
    }

    /// What a leader is called: one that follows another cluster says so in its role.
    func title(of leader: String) -> String {
        members[leader]?.role == .standbyLeader ? "standby leader" : "leader"
    }
}

/// Whether the cluster has data, and whose.
public enum Initialization: Codable, Hashable, Sendable {
    /// Nobody has started to create the cluster.
    case never
    /// This member is creating it; it may have died at it.
    case inProgress(by: String?)
    /// The cluster's data has this system identifier.
    case done(systemIdentifier: String)
}

/// A switchover or failover somebody asked for.
public struct FailoverRequest: Codable, Hashable, Sendable {
    /// The leader to step down; a request that names another one is void. nil asks for a failover.
    public var leader: String?
    /// The member to lead next; nil leaves the choice to the leader.
    public var candidate: String?
    /// Distinguishes a repeated request; reported back with its outcome.
    public var requestID: String?
    /// nil: at once. Until its time it takes part in nothing, elections included.
    public var schedule: Schedule?

    public init(
        leader: String? = nil, candidate: String? = nil, requestID: String? = nil, schedule: Schedule? = nil
    ) {
        self.schedule = schedule
        self.leader = leader
        self.candidate = candidate
        self.requestID = requestID
    }
}

/// The end of one timeline: an entry of Patroni's history.
public struct TimelineSwitch: Codable, Hashable, Sendable {
    /// The timeline that ended.
    public var timeline: Timeline
    public var position: LSN
    public var reason: String
    /// RFC 3339; shown, never compared.
    public var time: String?
    public var newLeader: String?
    /// What led to it; nil when nobody has recorded that. Patroni's entries have none.
    public var kind: ChangeKind?

    public init(
        timeline: Timeline, position: LSN, reason: String, time: String? = nil, newLeader: String? = nil,
        kind: ChangeKind? = nil
    ) {
        self.timeline = timeline
        self.position = position
        self.reason = reason
        self.time = time
        self.newLeader = newLeader
        self.kind = kind
    }
}
