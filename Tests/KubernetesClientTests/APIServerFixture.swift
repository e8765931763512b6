import KubernetesClient
import KubernetesModels
import TestSupport

/// A client of the shared control plane and a namespace of its own.
struct APIServerFixture {
    let client: KubernetesClient
    let namespace: String
    let controlPlane: ControlPlane

    init(options: ClientOptions = ClientOptions()) async throws {
        controlPlane = try await ControlPlane.shared()
        client = KubernetesClient(configuration: controlPlane.admin, options: options)
        namespace = try await controlPlane.namespace()
    }

    @discardableResult
    func createConfigMap(_ name: String, _ data: [String: String] = [:]) async throws -> ConfigMap {
        try await client.create(ConfigMap(metadata: ObjectMeta(name: name), data: data), namespace: namespace)
    }
}

/// The error a call must end with; `nil` when it succeeded.
func failure<Value>(
    isolation: isolated (any Actor)? = #isolation,
    _ call: () async throws(KubernetesError) -> Value
) async -> KubernetesError? {
    do throws(KubernetesError) {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}
