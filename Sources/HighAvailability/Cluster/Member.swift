public import Units

/// What a member says of itself in the store.
public struct Member: Codable, Hashable, Sendable {
    public let name: String
    /// Its answer to the restart it was asked for last.
    public var restart: RestartReport?
    /// How far it is with the copy it was asked for last.
    public var reinitialize: ReinitializeReport?
    /// UID of the Pod that carries the name now.
    public var podUID: String?
    /// Address of its server; nil until the Pod has one.
    public var host: String?
    public var port: Int
    /// Base of its REST interface, `http://10.0.0.7:8008/patroni`.
    public var apiURL: String?
    public var role: MemberRole?
    public var state: MemberState?
    public var timeline: Timeline?
    /// A standby that receives WAL, by its own word.
    public var isStreaming: Bool
    public var tags: MemberTags
    /// False from a promotion until the checkpoint after it; a rewind from this member has to wait that long.
    public var hasCheckpointSincePromotion: Bool
    /// Instances of the member's container that the kubelet reports as terminated, by container ID and by every name they gave
    /// themselves.
    public var terminatedInstances: Set<String>
    /// The kubelet waits before it starts the container again.
    public var isInBackOff: Bool
    /// Somebody asked for this Pod to be deleted.
    public var isBeingDeleted: Bool
    /// The read-write Service leads to it.
    public var isLabelledPrimary: Bool
    /// Failure domain its node is in; nil when neither a tag nor its Pod says.
    public var zone: String?
    /// Changes while it is at long work of its own; see ``WorkKeeping``. Nil while it has said nothing, and of Patroni's and of
    /// former versions, which do not ask for a slot that is gone.
    public var work: Int?
    /// It proves to other members that it is one; nil while it has said nothing, false of Patroni's and of former versions.
    public var provesMembership: Bool?

    public init(
        name: String, podUID: String? = nil, host: String? = nil, port: Int = 5432, apiURL: String? = nil,
        role: MemberRole? = nil, state: MemberState? = nil, timeline: Timeline? = nil, isStreaming: Bool = false,
        tags: MemberTags = MemberTags(), hasCheckpointSincePromotion: Bool = true,
        terminatedInstances: Set<String> = [], isInBackOff: Bool = false, isBeingDeleted: Bool = false,
        isLabelledPrimary: Bool = false, zone: String? = nil, restart: RestartReport? = nil,
        reinitialize: ReinitializeReport? = nil, provesMembership: Bool? = nil, work: Int? = nil
    ) {
        self.name = name
        self.podUID = podUID
        self.host = host
        self.port = port
        self.apiURL = apiURL
        self.role = role
        self.state = state
        self.timeline = timeline
        self.isStreaming = isStreaming
        self.tags = tags
        self.hasCheckpointSincePromotion = hasCheckpointSincePromotion
        self.terminatedInstances = terminatedInstances
        self.isInBackOff = isInBackOff
        self.isBeingDeleted = isBeingDeleted
        self.isLabelledPrimary = isLabelledPrimary
        self.zone = zone
        self.restart = restart
        self.reinitialize = reinitialize
        self.provesMembership = provesMembership
        self.work = work
    }

    /// Whether the store has what this member has written of itself, as far as others act on it.
    ///
    /// - Parameter isLabelledPrimary: nil when it has written nothing of the label.
    public func shows(role: MemberRole?, state: MemberState?, hasCheckpoint: Bool, isLabelledPrimary: Bool?) -> Bool {
        self.role == role && self.state == state && hasCheckpointSincePromotion == hasCheckpoint
            && self.isLabelledPrimary == isLabelledPrimary ?? self.isLabelledPrimary
    }
}

/// Roles as Patroni writes them.
public enum MemberRole: String, Codable, Hashable, Sendable {
    case primary
    /// Leads a cluster that follows another one, in recovery.
    case standbyLeader = "standby_leader"
    case replica
    case demoted
    case uninitialized
}

/// States as Patroni writes them; monitoring knows each by its number.
public enum MemberState: String, Codable, Hashable, Sendable, CaseIterable {
    case initializing = "initializing new cluster"
    case initdbFailed = "initdb failed"
    case creatingReplica = "creating replica"
    case running
    case starting
    case startFailed = "start failed"
    case restarting
    case stopping
    case stopped
    case stopFailed = "stop failed"
    case crashed

    /// The number of the `patroni_postgres_state` metric.
    public var number: Int {
        switch self {
        case .initializing: 0
        case .initdbFailed: 1
        case .creatingReplica: 4
        case .running: 5
        case .starting: 6
        case .startFailed: 8
        case .restarting: 9
        case .stopping: 11
        case .stopped: 12
        case .stopFailed: 13
        case .crashed: 14
        }
    }
}

/// What an administrator said of one member.
public struct MemberTags: Codable, Hashable, Sendable {
    /// Never promoted.
    public var isExcludedFromFailover: Bool
    /// Among equally advanced candidates the higher one wins. Default 1; 0 or less excludes like `nofailover`.
    public var failoverPriority: Int
    public var isExcludedFromLoadBalancing: Bool
    /// Preferred as the source of new replicas.
    public var isCloneSource: Bool
    /// No commit ever waits for it.
    public var isExcludedFromSynchronous: Bool
    /// The higher one is waited for first. Default 1; 0 or less excludes like `nosync`.
    public var synchronousPriority: Int
    /// Failure domain, where the Pod's own label does not say it or says something else; nil leaves it to the label.
    public var zone: String?
    /// Member it streams from instead of the leader; nil: the leader.
    public var replicatesFrom: String?
    /// It receives no WAL from anybody; what it replays comes from an archive.
    public var streamsFromNobody: Bool

    public init(
        isExcludedFromFailover: Bool = false, failoverPriority: Int = 1, isExcludedFromLoadBalancing: Bool = false,
        isCloneSource: Bool = false, isExcludedFromSynchronous: Bool = false, synchronousPriority: Int = 1,
        zone: String? = nil,
        replicatesFrom: String? = nil, streamsFromNobody: Bool = false
    ) {
        self.isExcludedFromFailover = isExcludedFromFailover
        self.failoverPriority = failoverPriority
        self.isExcludedFromLoadBalancing = isExcludedFromLoadBalancing
        self.isCloneSource = isCloneSource
        self.isExcludedFromSynchronous = isExcludedFromSynchronous
        self.synchronousPriority = synchronousPriority
        self.zone = zone
        self.replicatesFrom = replicatesFrom
        self.streamsFromNobody = streamsFromNobody
    }

    /// Clients that want any replica may be led to it. One that receives nothing may be of any age.
    public var mayBeReadFrom: Bool { !isExcludedFromLoadBalancing && !streamsFromNobody }
    public var mayLead: Bool { !isExcludedFromFailover && failoverPriority > 0 }
    public var mayBeSynchronous: Bool { !isExcludedFromSynchronous && synchronousPriority > 0 }
}
