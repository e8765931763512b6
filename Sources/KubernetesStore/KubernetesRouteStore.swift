public import ClusterRecords
public import ClusterStore
public import HighAvailability
public import KubernetesClient
public import KubernetesModels
import Units

/// Reads and writes the EndpointSlices behind the read-write Service, by compare-and-swap on resourceVersion.
public struct KubernetesRouteStore: RouteStore {
    private let client: KubernetesClient
    public let scope: Scope

    /// - Parameter client: any but the lock's.
    public init(client: KubernetesClient, scope: Scope) {
        self.client = client
        self.scope = scope
    }

    /// The best version of EndpointSlice the server serves, asked of it now; nil when there is none.
    public func servedVersion() async throws(KubernetesError) -> APIResource? {
        for candidate in APIResource.endpointSlices {
            if try await client.serves(candidate, deadline: Self.longestRequest) { return candidate }
        }
        return nil
    }

    /// The addresses Kubernetes knows a Pod by, its first one first; empty when it knows none.
    public func addresses(ofPod name: String) async throws(KubernetesError) -> [String] {
        let pod = try await client.get(Pod.self, name: name, namespace: scope.namespace, deadline: Self.longestRequest)
        return (pod.status?.podIPs ?? []).compactMap(\.ip)
    }

    /// Reads the route from the server, never from a cache; nil when it does not exist.
    public func read(_ family: RouteFamily, as resource: APIResource) async throws(KubernetesError)
        -> StoredRoute?
    {
        do throws(KubernetesError) {
            return StoredRoute(
                try await client.getRaw(
                    resource, name: scope.routeSlice(family), namespace: scope.namespace, deadline: Self.longestRequest)
            )
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// Writes the route if it is still of this version; nil: if it does not exist.
    ///
    /// - Throws: `isConflict`, `isAlreadyExists` or `isNotFound` when it has changed since. After an unknown outcome it may
    ///   have landed: read it.
    public func write(
        _ slice: RouteSlice, over version: String?, under reign: Reign, as resource: APIResource
    ) async throws(KubernetesError) -> StoredRoute {
        let name = scope.routeSlice(slice.family)
        var body = slice.body(scope, as: resource)
        var metadata = body["metadata"] ?? [:]
        metadata["annotations"] = [StoreKey.reign: .string(reign.description)]
        guard let version else {
            metadata["name"] = .string(name)
            body["metadata"] = metadata
            return StoredRoute(
                try await client.createRaw(
                    resource, body: body, namespace: scope.namespace, deadline: Self.longestRequest))
        }
        metadata["resourceVersion"] = .string(version)
        body["metadata"] = metadata
        return StoredRoute(
            try await client.mergePatchRaw(
                resource, name: name, namespace: scope.namespace, body: body, deadline: Self.longestRequest))
    }

    /// Follows the route: what there is first, then every change; nil: it does not exist.
    ///
    /// Ends with the server's own end of the watch. The selector by name is what the agents' rights allow.
    ///
    /// - Throws: `KubernetesError`; begin again.
    public func follow(
        _ family: RouteFamily, as resource: APIResource, _ take: @Sendable (StoredRoute?) -> Void
    ) async throws {
        let selector = "metadata.name=\(scope.routeSlice(family))"
        let list = try await client.listRaw(resource, namespace: scope.namespace, fieldSelector: selector)
        take(list.items.first.map(StoredRoute.init))
        let changes = client.watchRaw(
            resource, namespace: scope.namespace, fieldSelector: selector, resourceVersion: list.resourceVersion)
        for try await change in changes {
            switch change {
            case .added(let json), .modified(let json): take(StoredRoute(json))
            case .deleted: take(nil)
            case .bookmark: break
            }
        }
    }
}
