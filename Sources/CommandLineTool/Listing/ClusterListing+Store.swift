import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
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
}

extension StoreRecords {
    /// Sorts the store's objects by what they are for.
    ///
    /// - Parameter objects: ConfigMaps first: beside them the Services' own Endpoints have annotations of another kind.
    init(_ names: Scope, pods: [Pod], objects: [ObjectMeta], live: [String: JSONValue]) {
        let annotations = Dictionary(
            objects.compactMap { object in object.name.map { ($0, object.annotations ?? [:]) } },
            uniquingKeysWith: { configMap, _ in configMap })
        let leader = annotations[names.storeLeader(.configMap)] ?? annotations[names.storeLeader(.endpoints)]
        self.init(
            leader: leader ?? [:], configuration: annotations[names.storeConfiguration] ?? [:],
            failover: annotations[names.storeFailover] ?? [:],
            synchronization: annotations[names.storeSynchronization] ?? [:], pods: pods, live: live)
    }
}

extension ClusterListing {
    /// Puts the records together as Patroni's list does.
    init(namespace: String, name: String, records: StoreRecords) {
        // A configuration that cannot be read counts as none.
        let settings = records.configuration[StoreKey.configuration].flatMap { try? JSONValue(parsing: $0) }
        let leader = records.leader[StoreKey.leader]
        let standbys = Self.synchronousStandbys(records, settings)
        let leaderPosition = Self.leaderPosition(records)
        self.init(
            namespace: namespace, name: name,
            identity: Self.identity(records.configuration[StoreKey.initialization]),
            members: records.pods.sorted { Self.precedes($0.metadata.name ?? "", $1.metadata.name ?? "") }.map { pod in
                MemberListing(
                    pod: pod, live: records.live[pod.metadata.name ?? ""], leader: leader, standbys: standbys.names,
                    standbyRole: standbys.role, leaderPosition: leaderPosition)
            },
            isPaused: settings?["pause"]?.boolValue ?? false,
            scheduledSwitchover: records.failover[StoreKey.scheduledAt].map {
                ScheduledSwitchover(
                    at: $0, from: records.failover[StoreKey.leader],
                    to: records.failover[StoreKey.member])
            })
    }

    private static func identity(_ initialize: String?) -> Identity {
        switch initialize {
        case nil: .uninitialized
        case "": .initializing
        case let identifier?: .systemIdentifier(identifier)
        }
    }

    private static func synchronousStandbys(
        _ records: StoreRecords, _ settings: JSONValue?
    ) -> (names: Set<String>, role: MemberListing.Role) {
        let mode = settings?["synchronous_mode"]
        let isQuorum = mode?.stringValue == "quorum"
        guard isQuorum || mode?.boolValue == true || mode?.stringValue == "on" else { return ([], .replica) }
        let names = records.synchronization[StoreKey.synchronousStandbys]?.split(separator: ",").map { name in
            String(name).trimmingSpaces
        }
        return (Set(names ?? []), isQuorum ? .quorumStandby : .synchronousStandby)
    }

    /// The newest of what the leader published and what it says now.
    private static func leaderPosition(_ records: StoreRecords) -> LSN? {
        let published = records.leader[StoreKey.position].flatMap { UInt64($0) }
        let now = records.leader[StoreKey.leader].flatMap { name -> LSN? in
            let log = records.live[name]?["xlog"]
            // A standby leader's is what it has received.
            return (log?["location"] ?? log?["received_location"])?.position
        }
        return [published, now?.rawValue].compactMap { $0 }.max().map { LSN(rawValue: $0) }
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
        pod: Pod, live: JSONValue?, leader: String?, standbys: Set<String>, standbyRole: Role, leaderPosition: LSN?
    ) {
        let name = pod.metadata.name ?? ""
        // Without an annotation, or with somebody else's, it is a member without data.
        let status = pod.metadata.annotations?[StoreKey.memberStatus].flatMap { try? JSONValue(parsing: $0) } ?? [:]
        let address = status["conn_url"]?.stringValue.flatMap(Self.hostAndPort)
        let isStandbyLeader = status["role"]?.stringValue == "standby_leader"
        let role: Role =
            name == leader
            ? (isStandbyLeader ? .standbyLeader : .leader) : standbys.contains(name) ? standbyRole : .replica
        let replicationState = role == .leader ? nil : (live ?? status)["replication_state"]?.stringValue
        let published = status["xlog_location"]?.position
        func behind(_ position: LSN?) -> Position? {
            guard let position, let leaderPosition, position > .invalid else { return nil }
            return Position(position: position, lag: leaderPosition.bytes(since: position))
        }
        self.init(
            name: name, host: address?.host ?? pod.status?.podIP, port: address?.port, role: role,
            state: replicationState ?? (live ?? status)["state"]?.stringValue ?? "",
            timeline: (live?["timeline"] ?? status["timeline"])?.int64Value,
            received: behind(
                live?["xlog"]?["received_location"]?.position ?? status["receive_lsn"]?.position ?? published),
            replayed: behind(
                live?["xlog"]?["replayed_location"]?.position ?? status["replay_lsn"]?.position ?? published),
            hasPendingRestart: status["pending_restart"]?.boolValue ?? false,
            pendingSettings: (status["pending_restart_reason"]?.objectValue ?? [:]).sorted { $0.key < $1.key }.map {
                PendingSetting(
                    name: $0.key, oldValue: $0.value["old_value"]?.stringValue ?? "",
                    newValue: $0.value["new_value"]?.stringValue ?? "")
            },
            scheduledRestart: status["scheduled_restart"]?["schedule"]?.stringValue,
            tags: status["tags"]?.objectValue ?? [:], agentVersion: status["version"]?.stringValue,
            serverVersion: live?["server_version"]?.intValue ?? status["server_version"]?.intValue)
    }

    /// `postgres://HOST:PORT/postgres`, an IPv6 address in brackets.
    private static func hostAndPort(_ url: String) -> (host: String, port: Int)? {
        guard let start = url.firstRange(of: "://")?.upperBound else { return nil }
        let authority = url[start...].prefix { $0 != "/" && $0 != "?" }
        guard let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...])
        else { return nil }
        var host = authority[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), port)
    }
}

extension JSONValue {
    fileprivate var position: LSN? { int64Value.flatMap { UInt64(exactly: $0) }.map { LSN(rawValue: $0) } }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
