public import KubernetesClient
public import KubernetesModels

/// The one lease an election is about.
public protocol LeaseStore: Sendable {
    /// - Returns: nil when there is none.
    func read() async throws -> Lease?
    func create(_ spec: LeaseSpec) async throws -> Lease
    /// - Throws: an error with `isConflict` when the lease has another version by now.
    func replace(_ spec: LeaseSpec, resourceVersion: String) async throws -> Lease
    /// One element for each change by anybody, until the server ends the stream.
    func changes() -> AsyncThrowingStream<WatchEvent<Lease>, any Error>
}

/// A Lease on an API server.
public struct KubernetesLeaseStore: LeaseStore {
    private let client: KubernetesClient
    private let namespace: String
    private let name: String
    private let deadline: Duration

    /// - Parameters:
    ///   - client: best one of its own, so that renewals never queue behind other requests.
    ///   - deadline: total time of one request; well below the renew deadline.
    public init(client: KubernetesClient, namespace: String, name: String, deadline: Duration = .seconds(4)) {
        self.client = client
        self.namespace = namespace
        self.name = name
        self.deadline = deadline
    }

    public func read() async throws -> Lease? {
        do throws(KubernetesError) {
            return try await client.get(Lease.self, name: name, namespace: namespace, deadline: deadline)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    public func create(_ spec: LeaseSpec) async throws -> Lease {
        let lease = Lease(metadata: ObjectMeta(name: name, namespace: namespace), spec: spec)
        return try await client.create(lease, deadline: deadline)
    }

    public func replace(_ spec: LeaseSpec, resourceVersion: String) async throws -> Lease {
        // A patch with the resource version is as exclusive as a PUT, and keeps labels others have set.
        let body: JSONValue = [
            "metadata": ["resourceVersion": .string(resourceVersion)], "spec": try JSONValue(encoding: spec),
        ]
        return try await client.mergePatch(
            Lease.self, name: name, namespace: namespace, body: body, deadline: deadline)
    }

    public func changes() -> AsyncThrowingStream<WatchEvent<Lease>, any Error> {
        client.watch(Lease.self, namespace: namespace, fieldSelector: "metadata.name=\(name)")
    }
}
