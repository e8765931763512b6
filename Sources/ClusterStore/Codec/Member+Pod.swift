import ClusterRecords
public import HighAvailability
public import KubernetesModels
public import Units

extension Member {
    /// Reads a member from its Pod: what the agent wrote into the annotation, what the kubelet into the status.
    ///
    /// - Parameter container: name of the container that runs PostgreSQL.
    /// - Returns: nil for a Pod without a name.
    public init?(pod: Pod, container: String) {
        guard let name = pod.metadata.name else { return nil }
        // No annotation, or one of somebody else: a member without data.
        let status = pod.metadata.annotations?[StoreKey.memberStatus].flatMap { try? JSONValue(parsing: $0) }
        let containerStatus = pod.status?.containerStatuses?.first { $0.name == container }
        let terminated = [containerStatus?.state?.terminated, containerStatus?.lastState?.terminated]
        let address = status?["conn_url"]?.stringValue.flatMap(Self.hostAndPort)
        let tags = MemberTags(json: status?["tags"])
        self.init(
            name: name, podUID: pod.metadata.uid,
            host: address?.host ?? pod.status?.podIP, port: address?.port ?? 5432,
            apiURL: status?["api_url"]?.stringValue,
            role: status?["role"]?.stringValue.flatMap { $0 == "master" ? .primary : MemberRole(rawValue: $0) },
            state: status?["state"]?.stringValue.flatMap { MemberState(rawValue: $0) },
            timeline: status?["timeline"]?.int64Value.flatMap { UInt32(exactly: $0) }.map { Timeline(rawValue: $0) },
            isStreaming: status?["replication_state"]?.stringValue == "streaming",
            tags: tags,
            hasCheckpointSincePromotion: status?["checkpoint_after_promote"]?.boolValue ?? true,
            terminatedInstances: terminated.reduce(into: []) { $0.formUnion($1.map(Self.names) ?? []) },
            isInBackOff: containerStatus?.isHeldBack ?? false,
            isBeingDeleted: pod.metadata.deletionTimestamp != nil,
            isLabelledPrimary: pod.metadata.labels?[Labels.role] == RoleLabel.primary.rawValue,
            zone: tags.zone ?? pod.metadata.labels?[Labels.zone].flatMap { $0.isEmpty ? nil : $0 },
            restart: RestartReport(json: status?["restart"]))
    }

    /// What a lock record can name an instance that has ended: the names it left in its termination message, and ID of
    /// `containerd://ID`, which is what former agents wrote.
    private static func names(of ended: ContainerStateTerminated) -> Set<String> {
        var names = Set(ContainerInstance.all(in: ended.message ?? "").map(\.name))
        if let identifier = ended.containerID?.split(separator: "/").last { names.insert(String(identifier)) }
        return names
    }

    /// `postgres://HOST:PORT/postgres`, an IPv6 address in brackets.
    static func hostAndPort(_ url: String) -> (host: String, port: Int)? {
        let parts = url.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].hasSuffix(":"), parts[1].isEmpty else { return nil }
        let authority = parts[2]
        guard let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...])
        else { return nil }
        var host = authority[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), port)
    }
}

extension MemberTags {
    /// Reads Patroni's tags; absent ones have their defaults.
    public init(json: JSONValue?) {
        func isSet(_ key: String) -> Bool {
            switch json?[key] {
            case .bool(let flag): flag
            case .string(let text): ["true", "on", "yes", "1"].contains(text.lowercased())
            case .int(let number): number != 0
            case nil, .null, .double, .array, .object: false
            }
        }
        self.init(
            isExcludedFromFailover: isSet("nofailover"), failoverPriority: json?["failover_priority"]?.intValue ?? 1,
            isExcludedFromLoadBalancing: isSet("noloadbalance"), isCloneSource: isSet("clonefrom"),
            isExcludedFromSynchronous: isSet("nosync"), synchronousPriority: json?["sync_priority"]?.intValue ?? 1,
            zone: json?["zone"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 },
            replicatesFrom: json?["replicatefrom"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 },
            streamsFromNobody: isSet("nostream"))
    }

    /// Only what differs from the defaults, as Patroni publishes it.
    public var json: JSONValue {
        var members: [String: JSONValue] = [:]
        if isExcludedFromFailover { members["nofailover"] = true }
        if failoverPriority != 1 { members["failover_priority"] = .int(Int64(failoverPriority)) }
        if isExcludedFromLoadBalancing { members["noloadbalance"] = true }
        if isCloneSource { members["clonefrom"] = true }
        if isExcludedFromSynchronous { members["nosync"] = true }
        if synchronousPriority != 1 { members["sync_priority"] = .int(Int64(synchronousPriority)) }
        if let zone { members["zone"] = .string(zone) }
        if let replicatesFrom { members["replicatefrom"] = .string(replicatesFrom) }
        if streamsFromNobody { members["nostream"] = true }
        return .object(members)
    }
}

/// What a member publishes of itself, written when its meaning changes.
public struct MemberStatus: Hashable, Sendable {
    public var connectionURL: String
    public var apiURL: String
    public var state: MemberState
    public var role: MemberRole
    public var version: String
    public var timeline: Timeline?
    public var replicationState: String?
    public var tags: MemberTags
    public var pendingRestart: [String: PendingRestart]
    public var isPaused: Bool
    public var hasCheckpointSincePromotion: Bool
    /// Not a change of meaning by itself: refreshed with whatever else changes.
    public var position: LSN?
    public var serverVersion: Int?
    /// One sentence when only a person can help, for example data of another cluster; nil otherwise.
    public var problem: String?
    /// When its postmaster started, in PostgreSQL's words; nil while none answers.
    public var postmasterStartTime: String?
    /// Its answer to the restart it is asked for.
    public var restart: RestartReport?
    /// It leads the read-write Service here by an EndpointSlice while it leads the cluster.
    public var writesRoute: Bool

    public init(
        connectionURL: String, apiURL: String, state: MemberState, role: MemberRole, version: String,
        timeline: Timeline? = nil, replicationState: String? = nil, tags: MemberTags = MemberTags(),
        pendingRestart: [String: PendingRestart] = [:], isPaused: Bool = false,
        hasCheckpointSincePromotion: Bool = true, position: LSN? = nil, serverVersion: Int? = nil,
        problem: String? = nil, postmasterStartTime: String? = nil, restart: RestartReport? = nil,
        writesRoute: Bool = false
    ) {
        self.connectionURL = connectionURL
        self.apiURL = apiURL
        self.state = state
        self.role = role
        self.version = version
        self.timeline = timeline
        self.replicationState = replicationState
        self.tags = tags
        self.pendingRestart = pendingRestart
        self.isPaused = isPaused
        self.hasCheckpointSincePromotion = hasCheckpointSincePromotion
        self.position = position
        self.serverVersion = serverVersion
        self.problem = problem
        self.postmasterStartTime = postmasterStartTime
        self.restart = restart
        self.writesRoute = writesRoute
    }

    /// Nothing that anybody acts on differs.
    public func meansTheSame(as other: MemberStatus) -> Bool {
        var left = self
        left.position = other.position
        return left == other
    }

    public var json: JSONValue {
        var status: JSONValue = [
            "conn_url": .string(connectionURL), "api_url": .string(apiURL), "state": .string(state.rawValue),
            "role": .string(role.rawValue), "version": .string(version),
        ]
        if let timeline { status["timeline"] = .int(Int64(timeline.rawValue)) }
        if let replicationState { status["replication_state"] = .string(replicationState) }
        if let position { status["xlog_location"] = .int(Int64(clamping: position.rawValue)) }
        if let serverVersion { status["server_version"] = .int(Int64(serverVersion)) }
        if let problem { status["problem"] = .string(problem) }
        if let postmasterStartTime { status["postmaster_start_time"] = .string(postmasterStartTime) }
        if let restart { status["restart"] = restart.json }
        if writesRoute { status["route"] = "EndpointSlice" }
        if tags != MemberTags() { status["tags"] = tags.json }
        if !pendingRestart.isEmpty {
            status["pending_restart"] = true
            status["pending_restart_reason"] = .object(pendingRestart.mapValues(\.json))
        }
        if isPaused { status["pause"] = true }
        if !hasCheckpointSincePromotion { status["checkpoint_after_promote"] = false }
        return status
    }
}

/// A setting that takes effect at the next restart.
public struct PendingRestart: Hashable, Sendable {
    public var oldValue: String
    public var newValue: String

    public init(oldValue: String, newValue: String) {
        self.oldValue = oldValue
        self.newValue = newValue
    }

    var json: JSONValue { ["old_value": .string(oldValue), "new_value": .string(newValue)] }
}
