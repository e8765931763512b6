import KubernetesClient
import KubernetesModels

/// A cluster that is written to while something is done to it: ours, or another program's beside it.
public protocol MeasuredCluster: Sendable {
    var lab: Lab { get }
    var namespace: String { get }
    var name: String { get }

    /// Waits until one member writes and all others stream from it on its timeline.
    ///
    /// - Throws: ``LabError`` with what was seen last.
    @discardableResult
    func waitUntilHealthy(instances: Int, within limit: Duration) async throws -> HealthyCluster

    /// The superuser's account at the read-write Service.
    func target() async throws -> WriteTarget
}

extension MeasuredCluster {
    /// Makes the namespace unless it is there.
    public func prepareNamespace() async throws {
        do {
            _ = try await lab.client.create(Namespace(metadata: ObjectMeta(name: namespace)))
        } catch  where error.isAlreadyExists {
            return
        }
    }

    /// Deletes the namespace with everything in it, volumes included.
    public func removeNamespace() async throws {
        try await lab.kubectl(
            ["delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s"], deadline: .seconds(130))
    }
}
