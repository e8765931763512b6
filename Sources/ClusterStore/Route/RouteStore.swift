public import ClusterRecords
public import HighAvailability
public import KubernetesModels

/// Where the EndpointSlices behind the read-write Service live; written by compare-and-swap on their version.
///
/// Errors are ``StoreFailure``; after one whose outcome is unknown the write may have landed: read it.
public protocol RouteStore: Sendable {
    var scope: Scope { get }

    /// The best version of EndpointSlice the server serves, asked of it now; nil when there is none.
    func servedVersion() async throws -> APIResource?

    /// The addresses Kubernetes knows a Pod by, its first one first; empty when it knows none.
    func addresses(ofPod name: String) async throws -> [String]

    /// Reads the route from the server, never from a cache; nil when it does not exist.
    func read(_ family: RouteFamily, as resource: APIResource) async throws -> StoredRoute?

    /// Writes the route if it is still of this version; nil: if it does not exist.
    func write(_ slice: RouteSlice, over version: String?, under reign: Reign, as resource: APIResource) async throws
        -> StoredRoute

    /// Follows the route: what there is first, then every change; nil: it does not exist.
    ///
    /// Ends with the server's own end of the watch, or an error; begin again.
    func follow(_ family: RouteFamily, as resource: APIResource, _ take: @Sendable (StoredRoute?) -> Void) async throws
}

extension RouteStore {
    /// A route that answers late is no route: what takes longer is tried again.
    public static var longestRequest: Duration { .milliseconds(2500) }

    /// What is to be done about a route that was found; see ``judgeRoute(_:under:isLockRead:)``.
    public func step(
        _ slice: RouteSlice, over found: StoredRoute?, under reign: Reign, isLockRead: Bool, as resource: APIResource
    ) -> RouteStep {
        judgeRoute(found?.found(slice.body(scope, as: resource)), under: reign, isLockRead: isLockRead)
    }
}
