import ClusterRecords
public import KubernetesClient
public import KubernetesModels

/// Where the read-write Service leads, with the lock in ConfigMaps.
extension MemberCluster {
    /// The slice the leader writes, in the version this API server serves; nil when there is none.
    public func route() async throws -> Route? {
        let resource = try await routeResource()
        do {
            return Route(
                try await client.getRaw(resource, name: routeName, namespace: namespace, deadline: .seconds(3)))
        } catch {
            // Not `catch where`: it crashes the compiler of Swift 6.3.1 here.
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// Every change of the slice since `version`, or since it was made.
    public func routeChanges(
        since version: String? = nil, timeout: Duration = .seconds(30)
    ) async throws -> AsyncThrowingStream<WatchEvent<JSONValue>, any Error> {
        client.watchRaw(
            try await routeResource(), namespace: namespace, fieldSelector: "metadata.name=\(routeName)",
            resourceVersion: version, timeout: timeout)
    }

    /// Deletes it, as somebody does by hand.
    public func deleteRoute() async throws {
        try await client.deleteRaw(try await routeResource(), name: routeName, namespace: namespace)
    }

    /// Changes it, as somebody does by hand.
    public func patchRoute(_ body: JSONValue) async throws {
        _ = try await client.mergePatchRaw(
            try await routeResource(), name: routeName, namespace: namespace, body: body)
    }

    private var routeName: String { scope.routeSlice(.ipv4) }

    private func routeResource() async throws -> APIResource {
        for resource in APIResource.endpointSlices {
            if try await client.serves(resource) { return resource }
        }
        throw MemberError("the API server serves no EndpointSlice")
    }
}

/// A slice of the read-write Service.
public struct Route: Sendable, Hashable {
    public let version: String
    /// Pods it leads to.
    public let members: [String]
    public let addresses: [String]
    /// Under which lock it was written; nil when it does not say.
    public let epoch: String?

    public init(_ json: JSONValue) {
        version = json.value(at: "metadata", "resourceVersion")?.stringValue ?? ""
        let endpoints = json["endpoints"]?.arrayValue ?? []
        members = endpoints.compactMap { $0.value(at: "targetRef", "name")?.stringValue }
        addresses = endpoints.flatMap { $0["addresses"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
        let reign = json["metadata"]?["annotations"]?[StoreKey.reign]?.stringValue
        epoch = reign?.split(separator: "/").dropFirst().first.map(String.init)
    }
}
