import ClusterRecords
import KubernetesClient
import KubernetesModels

/// What is written in the cluster's namespace.
extension MemberCluster {
    /// The resource version of each object of a kind that agents may write, by kind and name: another one after each write.
    public func versions() async throws -> [String: String] {
        var versions: [String: String] = [:]
        for resource in [ConfigMap.resource, Pod.resource, Endpoints.resource, Service.resource, Event.resource] {
            let list = try await client.listRaw(resource, namespace: namespace, deadline: .seconds(5))
            for object in list.items {
                guard let name = object.value(at: "metadata", "name")?.stringValue else { continue }
                versions["\(resource.kind) \(name)"] = object.value(at: "metadata", "resourceVersion")?.stringValue
            }
        }
        if let route = try await route() { versions["EndpointSlice"] = route.version }
        return versions
    }

    /// As ``versions()`` calls the lock's object.
    public var lockKey: String { "\(resource.kind) \(storeName(.lock))" }
}
