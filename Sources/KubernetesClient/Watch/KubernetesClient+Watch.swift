public import KubernetesModels

extension KubernetesClient {
    /// Follows changes, for one consumer.
    ///
    /// The request is sent when the first event is asked for. Nothing is dropped: a slow consumer slows the server
    /// down, until the server ends the watch. The stream ends without an error when the server's timeout is reached or
    /// it closes the connection; go on from the last resourceVersion seen, bookmarks included.
    ///
    /// - Parameters:
    ///   - namespace: `nil` for all namespaces.
    ///   - resourceVersion: where to start, from a list or an earlier event; absent: with what exists, as `added`.
    ///   - timeout: what the server ends the watch after; ``ClientOptions/watchTimeout`` when absent. A silence longer
    ///     by five seconds throws.
    /// - Throws: ``KubernetesError``; `isGone` means list again.
    /// - Cancellation: ends the transfer.
    public func watch<R: KubernetesResource>(
        _ type: R.Type, namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil,
        resourceVersion: String? = nil, timeout: Duration? = nil
    ) -> AsyncThrowingStream<WatchEvent<R>, any Error> {
        stream(R.self, R.resource, namespace, labelSelector, fieldSelector, resourceVersion, timeout)
    }

    /// As ``watch(_:namespace:labelSelector:fieldSelector:resourceVersion:timeout:)`` for a kind without a type.
    public func watchRaw(
        _ resource: APIResource, namespace: String? = nil, labelSelector: String? = nil,
        fieldSelector: String? = nil, resourceVersion: String? = nil, timeout: Duration? = nil
    ) -> AsyncThrowingStream<WatchEvent<JSONValue>, any Error> {
        stream(JSONValue.self, resource, namespace, labelSelector, fieldSelector, resourceVersion, timeout)
    }

    private func stream<Item: Decodable & Sendable>(
        _ item: Item.Type, _ resource: APIResource, _ namespace: String?, _ labelSelector: String?,
        _ fieldSelector: String?, _ resourceVersion: String?, _ timeout: Duration?
    ) -> AsyncThrowingStream<WatchEvent<Item>, any Error> {
        let timeout = timeout ?? options.watchTimeout
        var query = [
            ("watch", "true"), ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", String(max(1, timeout.components.seconds))),
        ]
        if let labelSelector { query.append(("labelSelector", labelSelector)) }
        if let fieldSelector { query.append(("fieldSelector", fieldSelector)) }
        if let resourceVersion { query.append(("resourceVersion", resourceVersion)) }
        let request = APIRequest(.watch, resource, namespace: namespace, query: query)
        let reader = WatchReader<Item>(client: self, request: request, idleTimeout: timeout + .seconds(5))
        return AsyncThrowingStream { try await reader.next() }
    }
}
