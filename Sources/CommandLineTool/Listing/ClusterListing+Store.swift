import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration
import Units

/// What a listing is made from: the annotations of the store's objects, and the Pods.
struct StoreRecords: Hashable {
    var leader: [String: String] = [:]
    var configuration: [String: String] = [:]
    var failover: [String: String] = [:]
    var synchronization: [String: String] = [:]
    var pods: [Pod] = []
    /// Bodies of `/patroni` by member, where they could be had: positions as they are now.
    var live: [String: JSONValue] = [:]
    /// Members that were asked and did not answer. One that may not be asked is in neither.
    var silent: Set<String> = []
    /// What the operator says of the cluster, where there is one.
    var status: PostgresClusterStatus?
    /// Of its resource; nil without one, and when the operator cannot read it: it does not carry that out.
    var spec: PostgresClusterSpec?
    var hasResource = false
    /// There may be one, and whoever asks may not read it.
    var isResourceForbidden = false
    /// Of the resource as it was read: how often its spec was changed.
    var generation: Int64?
    /// Of the resource as it was read.
    var resourceVersion: String?
    /// The store is in Endpoints, as Patroni's is by default.
    var isStoredInEndpoints = false

    var lock: LockRecord { LockRecord(version: "", annotations: leader) }

    /// What cannot be read of them counts as their default.
    var settings: DynamicConfiguration {
        DynamicConfiguration.reading(
            annotation: configuration[StoreKey.configuration], former: DynamicConfiguration()
        ).0
    }
}

extension StoreRecords {
    /// Sorts the store's objects by what they are for.
    ///
    /// - Parameter objects: ConfigMaps first: beside them the Services' own Endpoints have annotations of another kind.
    init(
        _ scope: Scope, pods: [Pod], objects: [ObjectMeta], answers: [String: MemberAnswer],
        resource: PostgresCluster?
    ) {
        let annotations = Dictionary(
            objects.compactMap { object in object.name.map { ($0, object.annotations ?? [:]) } },
            uniquingKeysWith: { configMap, _ in configMap })
        let leader = annotations[scope.storeLeader(.configMap)] ?? annotations[scope.storeLeader(.endpoints)]
        self.init(
            leader: leader ?? [:], configuration: annotations[scope.storeConfiguration] ?? [:],
            failover: annotations[scope.storeFailover] ?? [:],
            synchronization: annotations[scope.storeSynchronization] ?? [:], pods: pods,
            live: answers.compactMapValues(\.document),
            silent: Set(answers.filter { $0.value == .silence }.keys), status: resource?.status,
            spec: resource.flatMap(Self.spec(of:)), hasResource: resource != nil,
            generation: resource?.metadata.generation, resourceVersion: resource?.metadata.resourceVersion,
            isStoredInEndpoints: annotations[scope.storeLeader(.configMap)] == nil
                && annotations[scope.storeLeader(.endpoints)]?[StoreKey.leader] != nil)
    }

    private static func spec(of resource: PostgresCluster) -> PostgresClusterSpec? {
        switch resource.spec {
        case .success(let spec): spec
        case .failure: nil
        }
    }
}

extension ClusterListing {
    /// Puts the records together as Patroni's list does.
    init(namespace: String, name: String, records: StoreRecords) {
        let settings = records.settings
        let lock = records.lock
        let standbys = Self.synchronousStandbys(records, settings.synchronous.mode)
        let leaderPosition = Self.leaderPosition(records, lock)
        let request = FailoverRequest(annotations: records.failover)
        self.init(
            namespace: namespace, name: name,
            identity: Identity(Initialization(annotations: records.configuration)),
            members: records.pods.sorted { Self.precedes($0.metadata.name ?? "", $1.metadata.name ?? "") }.map { pod in
                MemberListing(
                    pod: pod, live: records.live[pod.metadata.name ?? ""], leader: lock.leader,
                    isSilent: records.silent.contains(pod.metadata.name ?? ""),
                    lockUnrenewedSince: Self.lockUnrenewedSince(records, lock),
                    standbys: standbys.names, standbyRole: standbys.role, leaderPosition: leaderPosition)
            },
            isPaused: settings.isPaused,
            scheduledSwitchover: request?.schedule.map {
                ScheduledSwitchover(at: $0.text, from: request?.leader, to: request?.candidate)
            } ?? Self.scheduled(records), isResourceForbidden: records.isResourceForbidden, lock: lock)
    }

    /// One in the resource waits there until its time; the store has those of Patroni's tools.
    private static func scheduled(_ records: StoreRecords) -> ScheduledSwitchover? {
        guard let request = records.spec?.switchover, let time = request.notBefore,
            let state = records.status?.switchover,
            state.request == request.contentHash, state.phase == .requested
        else { return nil }
        return ScheduledSwitchover(at: time.description, from: request.leader, to: request.candidate)
    }

    /// What the operator has seen of the lock, while the one it means still holds it.
    private static func lockUnrenewedSince(_ records: StoreRecords, _ lock: LockRecord) -> String? {
        guard let status = records.status, status.primary == lock.leader else { return nil }
        return status.lockNotRenewedSince?.description
    }

    private static func synchronousStandbys(
        _ records: StoreRecords, _ mode: SynchronousMode
    ) -> (names: Set<String>, role: MemberListing.Role) {
        let role: MemberListing.Role
        switch mode {
        case .off: return ([], .replica)
        case .on: role = .synchronousStandby
        case .quorum: role = .quorumStandby
        }
        return (SynchronousState(version: "", annotations: records.synchronization).members, role)
    }

    /// The newest of what the leader published and what it says now.
    private static func leaderPosition(_ records: StoreRecords, _ lock: LockRecord) -> LSN? {
        let now = lock.leader.flatMap { name -> LSN? in
            let log = records.live[name]?["xlog"]
            // A standby leader's is what it has received.
            return LSN(bytes: log?["location"] ?? log?["received_location"])
        }
        return [lock.position, now].compactMap { $0 }.max()
    }

    /// demo-2 before demo-10.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        func parts(_ name: String) -> (Substring, Int) {
            guard let dash = name.lastIndex(of: "-"), let number = Int(name[name.index(after: dash)...]) else {
                return (name[...], -1)
            }
            return (name[..<dash], number)
        }
        return parts(left) < parts(right)
    }
}

extension MemberListing {
    fileprivate init(
        pod: Pod, live: JSONValue?, leader: String?, isSilent: Bool, lockUnrenewedSince: String?, standbys: Set<String>,
        standbyRole: Role, leaderPosition: LSN?
    ) {
        let name = pod.metadata.name ?? ""
        // Without an annotation, or with somebody else's, it is a member without data.
        let record = MemberRecord(pod: pod) ?? MemberRecord()
        // Who answers is heard, whatever Kubernetes knows.
        let silence = live == nil ? Silence(pod: pod) : nil
        let isUnknown = (silence != nil || isSilent) && record.stateName != nil
        let isStandbyLeader = record.role == .standbyLeader
        let role: Role =
            name == leader
            ? (isStandbyLeader ? .standbyLeader : .leader) : standbys.contains(name) ? standbyRole : .replica
        // What it says now, and only where it says nothing what it published.
        func current(_ key: String, _ published: String?) -> String? { live.map { $0[key]?.stringValue } ?? published }
        let replicationState = role == .leader ? nil : current("replication_state", record.replicationState)
        func behind(_ position: LSN?) -> Position? {
            guard !isUnknown, let position, let leaderPosition, position > .invalid else { return nil }
            return Position(position: position, lag: leaderPosition.bytes(since: position))
        }
        let log = live?["xlog"]
        self.init(
            name: name, host: record.address?.host ?? pod.status?.podIP, port: record.address?.port, role: role,
            state: isUnknown ? Silence.state : replicationState ?? current("state", record.stateName) ?? "",
            unknownSince: isUnknown ? silence?.since?.description : nil,
            lockUnrenewedSince: name == leader ? lockUnrenewedSince : nil,
            timeline: live?["timeline"].map(\.int64Value) ?? record.timeline.map { Int64($0.rawValue) },
            received: behind(LSN(bytes: log?["received_location"]) ?? record.received ?? record.position),
            replayed: behind(LSN(bytes: log?["replayed_location"]) ?? record.replayed ?? record.position),
            hasPendingRestart: record.isRestartPending, pendingSettings: record.pendingRestart,
            scheduledRestart: record.scheduledRestart, tags: record.tagValues, agentVersion: record.version,
            serverVersion: live?["server_version"]?.intValue ?? record.serverVersion)
    }
}

extension ClusterListing.Identity {
    fileprivate init(_ initialization: Initialization) {
        switch initialization {
        case .never: self = .uninitialized
        case .inProgress: self = .initializing
        case .done(let identifier): self = .systemIdentifier(identifier)
        }
    }
}
