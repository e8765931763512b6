import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import Units

extension BalancerConfiguration {
    /// By names, which stay when a Pod is made anew: those of every member there is to be, and of those there are.
    ///
    /// - Parameter domain: of the Kubernetes cluster. HAProxy looks up whole names alone.
    /// - Throws: ``CommandError`` when members have no names.
    init(names records: StoreRecords, of scope: Scope, domain: String) throws {
        guard records.hasResource || records.isResourceForbidden else {
            throw CommandError(
                "cluster \(scope.cluster) has no PostgresCluster, and so no Service with its members' names: use --addresses"
            )
        }
        let present = records.pods.compactMap { scope.ordinal(ofPod: $0.metadata.name ?? "") }
        let wanted = records.spec.map { Array(0..<$0.instances) } ?? []
        let servers = Set(present + wanted).sorted().map { ordinal in
            let name = scope.pod(ordinal)
            return Server(
                name: name,
                place: ServerPlace(
                    host: "\(name).\(scope.podsService).\(scope.namespace).svc.\(domain)", port: MemberPod.postgresPort),
                agentPort: MemberPod.agentPort)
        }
        try self.init(records, scope, servers, .names)
    }

    /// By the addresses that members have published.
    ///
    /// - Returns: those that have none yet, too.
    /// - Throws: ``CommandError`` when no member has one.
    static func addresses(_ records: StoreRecords, of scope: Scope) throws -> (Self, without: [String]) {
        var servers: [(Int, Server)] = []
        var without: [String] = []
        for pod in records.pods {
            guard let name = pod.metadata.name, let ordinal = scope.ordinal(ofPod: name) else { continue }
            let record = MemberRecord(pod: pod)
            // Whoever may write a Pod's annotation is not to write a configuration with it.
            guard let place = record?.address, isPlain(place.host) else {
                without.append(name)
                continue
            }
            let agent = record?.apiURL.flatMap { ServerPlace(connectionURL: $0) }
            servers.append(
                (ordinal, Server(name: name, place: place, agentPort: agent?.port ?? MemberPod.agentPort)))
        }
        let sorted = servers.sorted { $0.0 < $1.0 }.map(\.1)
        return (try Self(records, scope, sorted, .addresses), without.sorted())
    }

    private init(_ records: StoreRecords, _ scope: Scope, _ servers: [Server], _ places: Places) throws {
        guard !servers.isEmpty else {
            throw CommandError(
                places == .names
                    ? "cluster \(scope.cluster) has no members"
                    : "no member of cluster \(scope.cluster) has an address yet")
        }
        self.init(namespace: scope.namespace, cluster: scope.cluster, servers: servers, places: places)
        if let limit = records.settings.parameters["max_connections"].flatMap({ Int($0) }), limit > 0 {
            connectionLimit = limit
        }
    }
}
