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

    /// Deletes what an interrupted run left: the namespace, those made beside it, and volumes that bear its name.
    ///
    /// A cluster that is taken over half way through a change shows that change in every scenario after it.
    public func removeRemnants() async throws {
        let kinds = ["namespaces", "persistentvolumes"]
        for kind in kinds {
            let names = try await lab.kubectl(["get", kind, "-o", "name"]).split(separator: "\n")
                .compactMap { $0.split(separator: "/").last.map(String.init) }
            for name in names where name == namespace || name.hasPrefix("\(namespace)-") {
                lab.progress.say("an interrupted run left \(kind)/\(name): deleting it")
                if kind == "namespaces" {
                    try await lab.kubectl(
                        ["-n", name, "delete", "postgresclusters.matriarch.dev", "--all"], deadline: .seconds(120))
                }
                try await lab.kubectl(["delete", kind, name, "--timeout=180s"], deadline: .seconds(190))
            }
        }
    }
}
