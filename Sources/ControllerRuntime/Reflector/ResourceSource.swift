public import KubernetesClient
public import KubernetesModels

/// Where a reflector gets its objects.
public struct ResourceSource<R: KubernetesResource>: Sendable {
    public typealias Events = AsyncThrowingStream<WatchEvent<R>, any Error>

    let list: @Sendable () async throws -> ResourceList<R>
    let watch: @Sendable (_ resourceVersion: String) -> Events

    public init(
        list: @escaping @Sendable () async throws -> ResourceList<R>,
        watch: @escaping @Sendable (_ resourceVersion: String) -> Events
    ) {
        self.list = list
        self.watch = watch
    }

    /// The objects of a kind on an API server.
    /// - Parameter namespace: nil for all namespaces.
    public static func objects(
        of client: KubernetesClient, namespace: String? = nil, labelSelector: String? = nil,
        fieldSelector: String? = nil
    ) -> ResourceSource<R> {
        ResourceSource {
            try await client.list(
                R.self, namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector)
        } watch: { resourceVersion in
            client.watch(
                R.self, namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector,
                resourceVersion: resourceVersion)
        }
    }
}
