import ClusterRecords
import HighAvailability
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// Reads what a cluster is: its resource, the store's objects, the Pods, and positions as they are now.
struct ClusterReader {
    let client: KubernetesClient

    /// How long a member may take to tell its position through the API server.
    static let positionLimit = Duration.milliseconds(1500)

    /// The clusters of a namespace, or of all.
    func clusters(namespace: String?) async throws -> [PostgresCluster] {
        try await client.list(PostgresCluster.self, namespace: namespace).items.sorted {
            ($0.metadata.namespace ?? "", $0.metadata.name ?? "") < (
                $1.metadata.namespace ?? "", $1.metadata.name ?? ""
            )
        }
    }

    /// - Throws: ``CommandError`` naming the cluster and the namespace when there is no such resource.
    func cluster(_ name: String, namespace: String) async throws -> PostgresCluster {
        let problem: KubernetesError
        do {
            return try await client.get(PostgresCluster.self, name: name, namespace: namespace)
        } catch {
            // A `where` on this typed error ends the compiler (Swift 6.3.1).
            problem = error
        }
        if problem.isNotFound { throw CommandError("no PostgresCluster \(name) in namespace \(namespace)") }
        throw problem
    }

    /// The cluster as it is now. A cluster without a resource, run by agents alone, is shown too.
    ///
    /// - Throws: ``CommandError`` when nothing by that name exists.
    func listing(_ name: String, namespace: String) async throws -> ClusterListing {
        ClusterListing(namespace: namespace, name: name, records: try await records(name, namespace: namespace))
    }

    /// When the primary changed, of a cluster with a resource or without.
    ///
    /// - Throws: ``CommandError`` when nothing by that name exists.
    func history(_ name: String, namespace: String) async throws -> ClusterHistory {
        let records = try await records(name, namespace: namespace, asksMembers: false)
        return ClusterHistory(records)
    }

    /// Everything a cluster's objects tell.
    ///
    /// - Parameter asksMembers: for their positions as they are now.
    /// - Throws: ``CommandError`` when nothing by that name exists.
    func records(_ name: String, namespace: String, asksMembers: Bool = true) async throws -> StoreRecords {
        let scope = Scope(namespace: namespace, cluster: name)
        let pods = try await objects(Pod.self, of: scope).filter { scope.isMember($0.metadata) }
        let configMaps = try await objects(ConfigMap.self, of: scope)
        let endpoints = try await objects(Endpoints.self, of: scope)
        let isAbsent = pods.isEmpty && configMaps.isEmpty && endpoints.isEmpty
        let resource = try await resource(name, namespace: namespace, isNeeded: isAbsent)
        let found: PostgresCluster? =
            switch resource {
            case .read(let cluster): cluster
            case .absent, .forbidden: nil
            }
        let answers = asksMembers ? await answers(of: pods, namespace: namespace) : [:]
        var records = StoreRecords(
            scope, pods: pods, objects: configMaps.map(\.metadata) + endpoints.map(\.metadata), answers: answers,
            resource: found)
        records.isResourceForbidden = resource == .forbidden
        return records
    }

    /// Three things, of which no two are the same to whoever asks.
    private enum Resource: Hashable {
        case read(PostgresCluster)
        case absent
        case forbidden
    }

    /// What the operator says of the cluster.
    ///
    /// - Parameter isNeeded: nothing else of the cluster is there.
    private func resource(_ name: String, namespace: String, isNeeded: Bool) async throws -> Resource {
        if isNeeded { return .read(try await cluster(name, namespace: namespace)) }
        let problem: KubernetesError
        do {
            return .read(try await client.get(PostgresCluster.self, name: name, namespace: namespace))
        } catch {
            problem = error
        }
        if problem.isForbidden { return .forbidden }
        guard problem.isNotFound else { throw problem }
        return .absent
    }

    private func objects<Object: KubernetesResource>(_ kind: Object.Type, of scope: Scope) async throws -> [Object] {
        try await client.list(kind, namespace: scope.namespace, labelSelector: scope.selector).items
    }

    /// Each running member's own description, through the API server's proxy to its Pod.
    ///
    /// Annotations hold positions of the last change of meaning, which may be long ago; so members are asked. Who may not use
    /// the proxy is shown what they published; a member that does not answer in time is not known.
    private func answers(of pods: [Pod], namespace: String) async -> [String: MemberAnswer] {
        await withTaskGroup(of: (String, MemberAnswer?).self) { group in
            for pod in pods where pod.status?.phase == "Running" {
                guard let name = pod.metadata.name else { continue }
                group.addTask { (name, await answer(of: name, namespace: namespace)) }
            }
            var result: [String: MemberAnswer] = [:]
            for await (name, answer) in group { result[name] = answer }
            return result
        }
    }

    /// A path of a member's agent, by way of the API server.
    func agentPath(of member: String, namespace: String, _ path: String) -> String {
        "/api/v1/namespaces/\(namespace)/pods/\(member):\(MemberPod.agentPort)/proxy\(path)"
    }

    /// nil when it may not be asked.
    private func answer(of member: String, namespace: String) async -> MemberAnswer? {
        let path = agentPath(of: member, namespace: namespace, PeerPath.member.rawValue)
        let problem: KubernetesError
        do {
            return .document(try await client.getPath(path, deadline: Self.positionLimit))
        } catch {
            problem = error
        }
        return problem.isForbidden || problem.isUnauthorized ? nil : .silence
    }
}
