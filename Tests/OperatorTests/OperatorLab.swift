import ControllerRuntime
import Glibc
import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import TestSupport
import Testing
import YAML

/// A namespace on the shared control plane in which operators run with exactly the rights the manifests give them.
///
/// No controller manager runs on that one: tests play the StatefulSet controller, the kubelet and the agents.
struct OperatorLab: Sendable {
    let plane: ControlPlane
    /// An administrator.
    let client: KubernetesClient
    let namespace: String
    /// As the operator.
    let operatorConfiguration: ClusterConfiguration

    init() async throws { try await self.init(on: ControlPlane.shared()) }

    init(on plane: ControlPlane) async throws {
        self.plane = plane
        client = KubernetesClient(configuration: plane.admin)
        namespace = try await plane.namespace(prefix: "operator")
        try await Self.installDefinition(client)
        let token = try await Self.installRights(client, namespace: namespace)
        operatorConfiguration = plane.configuration(credential: .token(token))
    }

    /// Starts an operator; ends it with ``RunningOperator/stop()``.
    func start(_ podName: String = "operator-0", election: ElectionTimings = ElectionTimings()) -> RunningOperator {
        RunningOperator(
            OperatorConfiguration(
                cluster: operatorConfiguration, podName: podName, namespace: namespace, watchedNamespace: namespace,
                election: election))
    }

    /// Runs one operator for the time of a test.
    func withOperator(_ body: (RunningOperator) async throws -> Void) async throws {
        let running = start()
        do {
            try await body(running)
        } catch {
            _ = try await running.stop()
            throw error
        }
        _ = try await running.stop()
    }

    // MARK: Set-up

    static func installDefinition(_ client: KubernetesClient) async throws {
        do throws(KubernetesError) {
            _ = try await client.createRaw(.customResourceDefinition, body: CustomResourceDefinition.object)
        } catch {
            // By another test of this process.
            guard error.isAlreadyExists else { throw error }
        }
        try await eventually("the kind is served") { try await client.serves(PostgresCluster.resource) }
    }

    /// Binds a service account of this namespace to the rules in the manifests.
    private static func installRights(_ client: KubernetesClient, namespace: String) async throws -> String {
        let account = "matriarch-operator"
        _ = try await client.create(ServiceAccount(metadata: ObjectMeta(name: account, namespace: namespace)))
        for file in ["operator_role.yaml", "leader_election_role.yaml"] {
            for document in try YAML.parseAll(try manifest("rbac/" + file)) {
                var object = document
                let kind = object["kind"]?.stringValue ?? ""
                var metadata = object["metadata"] ?? [:]
                metadata["name"] = .string((metadata["name"]?.stringValue ?? "") + "-" + namespace)
                if !kind.hasPrefix("Cluster") { metadata["namespace"] = .string(namespace) }
                object["metadata"] = metadata
                if var reference = object["roleRef"] {
                    reference["name"] = .string((reference["name"]?.stringValue ?? "") + "-" + namespace)
                    object["roleRef"] = reference
                    object["subjects"] = [
                        ["kind": "ServiceAccount", "name": .string(account), "namespace": .string(namespace)]
                    ]
                }
                let resource = APIResource(
                    group: "rbac.authorization.k8s.io", version: "v1", kind: kind, plural: kind.lowercased() + "s",
                    isNamespaced: !kind.hasPrefix("Cluster"))
                _ = try await client.createRaw(
                    resource, body: object, namespace: resource.isNamespaced ? namespace : nil)
            }
        }
        let answer = try await client.createRaw(
            ServiceAccount.resource,
            body: [
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": ["expirationSeconds": 3600],
            ], namespace: namespace, subresource: "token", name: account)
        guard let token = answer.value(at: "status", "token")?.stringValue else {
            throw FixtureError("no token for the service account: \(answer.serialized())")
        }
        return token
    }

    private static func manifest(_ path: String) throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try contents("/\(root)/manifests/\(path)")
    }

    /// What stands in a file.
    static func contents(_ file: String) throws -> String {
        guard let stream = fopen(file, "r") else { throw FixtureError("cannot read \(file)") }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, stream)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension OperatorLab {
    /// Has the operator look once more at what it has brought about, and expects that it finds nothing to write.
    func expectNoWrites(of running: RunningOperator, touching mark: String = "1") async throws {
        let settled = try await running.reconcilesAtRest()
        let writes = running.writes
        try await touch(mark)
        try await eventually("another reconcile") {
            running.reconciles
        } until: {
            $0 > settled
        }
        // On a busy machine the last watch event of what went before may come as late as this.
        #expect(try await running.reconcilesAtRest() <= settled + 2)
        #expect(running.writes == writes)
    }
}

/// A fixture that could not be made.
struct FixtureError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// An operator process inside the test.
final class RunningOperator: Sendable {
    let health = OperatorHealth()
    private let task: Task<OperatorProcess.Outcome, any Error>

    init(_ configuration: OperatorConfiguration) {
        let process = OperatorProcess(configuration: configuration, health: health)
        task = Task { try await process.run() }
    }

    /// As SIGTERM does.
    @discardableResult
    func stop() async throws -> OperatorProcess.Outcome {
        task.cancel()
        return try await task.value
    }

    /// The sum of all samples of a metric whose labels contain `fragment`.
    func metric(_ name: String, _ fragment: String = "") -> Double {
        health.metrics.split(separator: "\n").filter { line in
            (line.hasPrefix(name + "{") || line.hasPrefix(name + " ")) && line.contains(fragment)
        }.reduce(0) { sum, line in
            sum + (line.split(separator: " ").last.flatMap { Double($0) } ?? 0)
        }
    }

    var reconciles: Int { Int(metric("controller_runtime_reconcile_total")) }

    /// The number of reconciles once nothing is worked on or waits in the queue, and nothing has come for a second.
    ///
    /// A reconcile under way is no rest however long its reads take; the second is for watch events of its own writes.
    func reconcilesAtRest() async throws -> Int {
        var last = -1
        var since = ContinuousClock.now
        try await eventually(within: .seconds(20), "the operator comes to rest") { () async throws -> Duration in
            let now = reconciles
            let isBusy = metric("controller_runtime_active_workers") + metric("workqueue_depth") > 0
            if now != last || isBusy { (last, since) = (now, .now) }
            return ContinuousClock.now - since
        } until: {
            $0 >= .seconds(1)
        }
        return last
    }

    /// Changes carried out, events left out.
    var writes: Int {
        ["apply", "create_secret", "delete", "write_store", "patch_metadata", "patch_status"].reduce(0) {
            $0 + Int(metric("matriarch_operator_changes_total", "change=\"\($1)\""))
        }
    }
}
