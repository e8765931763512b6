import ClusterRecords
import KubernetesClient
public import KubernetesModels
public import PostgresClusterAPI

/// One PostgresCluster of the lab.
public struct LabCluster: MeasuredCluster {
    public let lab: Lab
    public let namespace: String
    public let name: String

    public init(lab: Lab, namespace: String, name: String = "demo") {
        self.lab = lab
        self.namespace = namespace
        self.name = name
    }

    var scope: Scope { Scope(namespace: namespace, cluster: name) }
    var selector: String { scope.selector }

    // MARK: The resource

    /// The manifest the scenarios use: three members and nothing else said.
    ///
    /// - Parameter changes: merged into the spec.
    public func manifest(_ changes: [String: JSONValue] = [:]) -> JSONValue {
        var spec: [String: JSONValue] = [
            "instances": 3, "image": .string(lab.image), "storage": ["size": "1Gi"],
        ]
        spec.merge(changes) { _, changed in changed }
        return [
            "apiVersion": .string(PostgresCluster.resource.apiVersion),
            "kind": .string(PostgresCluster.resource.kind),
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": .object(spec),
        ]
    }

    /// `kubectl apply` of the manifest.
    @discardableResult
    public func apply(_ changes: [String: JSONValue] = [:]) async throws -> String {
        try await lab.kubectl(["apply", "-f", "-"], input: manifest(changes).serialized())
    }

    /// `kubectl patch` of the spec, as a user would do it.
    @discardableResult
    public func patch(spec: JSONValue) async throws -> String {
        let body: JSONValue = ["spec": spec]
        return try await lab.kubectl([
            "-n", namespace, "patch", "postgresclusters.matriarch.dev", name, "--type", "merge", "-p",
            body.serialized(),
        ])
    }

    public func resource() async throws -> PostgresCluster {
        try await lab.client.get(PostgresCluster.self, name: name, namespace: namespace)
    }

    public func exists() async throws -> Bool {
        do {
            _ = try await resource()
            return true
        } catch let error as KubernetesError where error.isNotFound {
            return false
        }
    }

    /// `kubectl delete` of the resource; its parts go after it.
    public func delete() async throws {
        try await lab.kubectl(
            ["-n", namespace, "delete", "postgresclusters.matriarch.dev", name, "--ignore-not-found"],
            deadline: .seconds(120))
    }

    // MARK: Its parts

    public func pods() async throws -> [Pod] {
        try await lab.client.list(Pod.self, namespace: namespace, labelSelector: selector).items
            .sorted { ($0.metadata.name ?? "") < ($1.metadata.name ?? "") }
    }

    public func pod(_ member: String) async throws -> Pod {
        try await lab.client.get(Pod.self, name: member, namespace: namespace)
    }

    /// The UID of the Pod, which is how its processes are found.
    public func podUID(_ member: String) async throws -> String {
        guard let uid = try await pod(member).metadata.uid else { throw LabError("Pod \(member) has no uid") }
        return uid
    }

    public func volumeClaims() async throws -> Set<String> {
        let prefix = "data-\(name)-"
        let claims = try await lab.client.list(PersistentVolumeClaim.self, namespace: namespace).items
        return Set(claims.compactMap(\.metadata.name).filter { $0.hasPrefix(prefix) })
    }

    /// The account of the superuser at the read-write Service.
    ///
    /// - Throws: ``LabError`` or `KubernetesError` as long as Secret or Service are not there.
    public func target() async throws -> WriteTarget {
        let secret = try await lab.client.get(Secret.self, name: scope.superuserSecret, namespace: namespace)
        guard let user = secret.decodedString("username"), let password = secret.decodedString("password") else {
            throw LabError("Secret \(scope.superuserSecret) has no username and password")
        }
        let service = try await lab.client.get(Service.self, name: scope.readWriteService, namespace: namespace)
        guard let address = service.spec?.clusterIP, address != "None" else {
            throw LabError("Service \(scope.readWriteService) has no address of its own")
        }
        return WriteTarget(host: address, user: user, password: try PasswordFile(user: user, password: password))
    }
}
