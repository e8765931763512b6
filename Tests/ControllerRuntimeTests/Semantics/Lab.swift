import KubernetesClient
import KubernetesModels
import TestSupport

/// A namespace on the shared control plane, and a client for it.
struct Lab: Sendable {
    let client: KubernetesClient
    let namespace: String

    init() async throws {
        let plane = try await ControlPlane.shared()
        client = KubernetesClient(configuration: plane.admin)
        namespace = try await plane.namespace()
    }

    @discardableResult
    func put(_ name: String, _ value: String, labels: [String: String] = ["watched": "yes"]) async throws -> ConfigMap {
        try await client.create(
            ConfigMap(metadata: ObjectMeta(name: name, namespace: namespace, labels: labels), data: ["key": value]))
    }

    func change(_ name: String, _ value: String) async throws {
        _ = try await client.mergePatch(
            ConfigMap.self, name: name, namespace: namespace, body: ["data": ["key": .string(value)]])
    }
}
