import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesModels

/// The EndpointSlices of the read-write Service, asked for over a modelled network.
struct WorldRoutes: RouteStore, @unchecked Sendable {
    private unowned let life: AgentLife

    init(_ life: AgentLife) { self.life = life }

    var scope: Scope { AgentLife.scope }

    func servedVersion() async throws -> APIResource? { APIResource.endpointSlices.first }

    func addresses(ofPod name: String) async throws -> [String] { [life.pod.address] }

    func read(_ family: RouteFamily, as resource: APIResource) async throws -> StoredRoute? {
        let name = scope.routeSlice(family)
        return try await life.request(within: Self.longestRequest, isRead: true) { world throws(WorldFailure) in
            world.objects.slices[name].map(StoredRoute.init)
        }
    }

    func write(
        _ slice: RouteSlice, over version: String?, under reign: Reign, as resource: APIResource
    ) async throws -> StoredRoute {
        let name = scope.routeSlice(slice.family)
        var body = slice.body(scope, as: resource)
        var metadata = body["metadata"] ?? [:]
        metadata["annotations"] = [StoreKey.reign: .string(reign.description)]
        body["metadata"] = metadata
        let wanted = body
        return try await life.request(within: Self.longestRequest) { world throws(WorldFailure) in
            let written = try world.objects.writeSlice(name, wanted, over: version)
            world.tell(.slice(name, written))
            return StoredRoute(written)
        }
    }

    func follow(
        _ family: RouteFamily, as resource: APIResource, _ take: @Sendable (StoredRoute?) -> Void
    ) async throws {
        let name = scope.routeSlice(family)
        // Begun before the read, so that nothing is missed between the two; what the read shows already is not shown again.
        let feed = SliceFeed(life, name)
        life.slices = feed
        let first = try await read(family, as: resource)
        take(first)
        let known = first.flatMap { Int($0.version) } ?? 0
        for await change in feed.changes where (change.flatMap { Int($0.version) } ?? .max) > known { take(change) }
    }
}
