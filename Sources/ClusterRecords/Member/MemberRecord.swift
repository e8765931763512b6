public import HighAvailability
public import KubernetesModels
public import PostgresConfiguration
public import Units

/// What a member says of itself: the annotation `status` of its Pod, in Patroni's keys.
///
/// Its agent writes it when its meaning changes; the other agents, the operator and the command line read it. Patroni's agents
/// leave out what is ours.
public struct MemberRecord: Hashable, Sendable {
    /// `postgres://10.0.0.7:5432/postgres`, an IPv6 address in brackets.
    public var connectionURL: String?
    /// Base of its REST interface, `http://10.0.0.7:8008/patroni`.
    public var apiURL: String?
    /// What its server does, in Patroni's words; ``state`` is nil for those no agent of ours uses.
    public var stateName: String?
    /// In Patroni's words since 4.0; ``role`` is nil for those no agent of ours uses.
    public var roleName: String?
    /// Of the agent.
    public var version: String?
    public var timeline: Timeline?
    /// `streaming` while a standby receives WAL.
    public var replicationState: String?
    /// By Patroni's names, also those that are not ours; see ``tags``.
    public var tagValues: [String: JSONValue]
    /// Some setting takes effect at the next restart.
    public var isRestartPending: Bool
    /// Which ones, sorted by name; empty also when it does not say.
    public var pendingRestart: [PendingSetting]
    /// When it restarts of itself; Patroni's alone.
    public var scheduledRestart: String?
    /// It has seen that the cluster is paused.
    public var isPaused: Bool
    /// False from a promotion until the checkpoint after it.
    public var hasCheckpointSincePromotion: Bool
    /// Not a change of meaning by itself: refreshed with whatever else changes.
    public var position: LSN?
    /// Patroni's alone, as is `replayed`.
    public var received: LSN?
    public var replayed: LSN?
    /// `server_version_num`.
    public var serverVersion: Int?
    /// One sentence when only a person can help, for example data of another cluster; nil otherwise.
    public var problem: String?
    /// What it found in what somebody wrote for the cluster and does not use, in the words of the resource.
    public var problems: [Problem]
    /// When its postmaster started, in PostgreSQL's words; nil while none answers.
    public var postmasterStartTime: String?
    /// Its answer to the restart it is asked for.
    public var restart: RestartReport?
    /// How far it is with the copy it is asked for.
    public var reinitialize: ReinitializeReport?
    /// Changes while it is at long work of its own; see ``Member/work``.
    public var work: Int?
    /// It leads the read-write Service here by an EndpointSlice while it leads the cluster.
    public var writesRoute: Bool
    /// It proves to the others that it is a member when it asks them something; see ``MembershipProof``.
    public var provesMembership: Bool
    /// Where the time of the takeover went by which it leads; nil when it does not lead, when that is not known, and until its
    /// first write has gone through.
    public var takeover: TakeoverPhases?
    /// How far it is with the declared roles; nil when it does not lead, and while none are declared.
    public var roles: RolesReport?
    /// Where the WAL begins that this standby needs next, and its leader has not any more; nil while nothing is missing.
    public var missingWAL: LSN?

    /// Of a member that has said nothing.
    public init() {
        tagValues = [:]
        isRestartPending = false
        pendingRestart = []
        isPaused = false
        hasCheckpointSincePromotion = true
        problems = []
        writesRoute = false
        provesMembership = false
    }

    /// Of a member of this version.
    public init(
        connectionURL: String, apiURL: String, state: MemberState, role: MemberRole, version: String,
        timeline: Timeline? = nil, replicationState: String? = nil, tags: MemberTags = MemberTags(),
        pendingRestart: [PendingSetting] = [], isPaused: Bool = false,
        hasCheckpointSincePromotion: Bool = true, position: LSN? = nil, serverVersion: Int? = nil,
        problem: String? = nil, problems: [Problem] = [], postmasterStartTime: String? = nil,
        restart: RestartReport? = nil, reinitialize: ReinitializeReport? = nil,
        writesRoute: Bool = false, takeover: TakeoverPhases? = nil, work: Int = 0, roles: RolesReport? = nil,
        missingWAL: LSN? = nil
    ) {
        self.connectionURL = connectionURL
        self.apiURL = apiURL
        stateName = state.rawValue
        roleName = role.rawValue
        self.version = version
        self.timeline = timeline
        self.replicationState = replicationState
        tagValues = tags.json.objectValue ?? [:]
        isRestartPending = !pendingRestart.isEmpty
        self.pendingRestart = pendingRestart
        self.isPaused = isPaused
        self.hasCheckpointSincePromotion = hasCheckpointSincePromotion
        self.position = position
        self.serverVersion = serverVersion
        self.problem = problem
        self.problems = problems
        self.postmasterStartTime = postmasterStartTime
        self.restart = restart
        self.reinitialize = reinitialize
        self.writesRoute = writesRoute
        self.takeover = takeover
        self.work = work
        self.roles = roles
        self.missingWAL = missingWAL
        provesMembership = true
    }

    public var state: MemberState? { stateName.flatMap { MemberState(rawValue: $0) } }
    public var role: MemberRole? { roleName.flatMap { MemberRole(rawValue: $0) } }
    public var tags: MemberTags { MemberTags(json: .object(tagValues)) }
    /// Where its server is; nil when it does not say.
    public var address: ServerPlace? { connectionURL.flatMap { ServerPlace(connectionURL: $0) } }
    public var isStreaming: Bool { replicationState == "streaming" }

    /// Nothing that anybody acts on differs.
    public func meansTheSame(as other: MemberRecord) -> Bool {
        var left = self
        left.position = other.position
        return left == other
    }
}
