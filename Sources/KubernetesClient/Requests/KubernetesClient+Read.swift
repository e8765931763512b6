public import KubernetesModels

extension KubernetesClient {
    /// Reads one object, as it is in the store now.
    public func get<R: KubernetesResource>(
        _ type: R.Type, name: String, namespace: String? = nil, subresource: String? = nil,
        deadline: Duration? = nil
    ) async throws(KubernetesError) -> R {
        let request = APIRequest(
            .get, R.resource, namespace: self.namespace(namespace), name: name, subresource: subresource)
        return try decode(type, from: try await perform(request, deadline: deadline), request: request)
    }

    /// Reads one object of a kind without a type.
    public func getRaw(
        _ resource: APIResource, name: String, namespace: String? = nil, subresource: String? = nil,
        deadline: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        let request = APIRequest(
            .get, resource, namespace: self.namespace(namespace), name: name, subresource: subresource)
        return try decodeValue(try await perform(request, deadline: deadline), request: request)
    }

    /// Reads the metadata of one object, of any kind; its contents do not leave the server.
    public func getMetadata(
        _ resource: APIResource, name: String, namespace: String? = nil, deadline: Duration? = nil
    ) async throws(KubernetesError) -> ObjectMeta {
        var request = APIRequest(.get, resource, namespace: self.namespace(namespace), name: name)
        request.accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        return try decode(PartialObject.self, from: try await perform(request, deadline: deadline), request: request)
            .metadata
    }

    private struct PartialObject: Decodable {
        var metadata: ObjectMeta
    }

    /// Lists every object that matches, following all pages.
    ///
    /// - Parameters:
    ///   - namespace: `nil` for all namespaces.
    ///   - limit: objects per page, not in total.
    /// - Returns: all items of one resourceVersion. When the server loses the snapshot between pages (410), the list
    ///   starts again.
    public func list<R: KubernetesResource>(
        _ type: R.Type, namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil,
        limit: Int? = nil, deadline: Duration? = nil
    ) async throws(KubernetesError) -> ResourceList<R> {
        try await pages(
            R.resource, namespace, labelSelector, fieldSelector, limit, deadline
        ) { (body, request) throws(KubernetesError) in
            let page = try self.decode(ListPage<R>.self, from: body, request: request)
            return (page.items ?? [], page.metadata.resourceVersion ?? "", page.metadata.continueToken)
        }
    }

    /// As ``list(_:namespace:labelSelector:fieldSelector:limit:deadline:)`` for a kind without a type.
    public func listRaw(
        _ resource: APIResource, namespace: String? = nil, labelSelector: String? = nil,
        fieldSelector: String? = nil, limit: Int? = nil, deadline: Duration? = nil
    ) async throws(KubernetesError) -> ResourceList<JSONValue> {
        try await pages(
            resource, namespace, labelSelector, fieldSelector, limit, deadline
        ) { (body, request) throws(KubernetesError) in
            let page = try self.decodeValue(body, request: request)
            let metadata = page["metadata"]
            return (
                page["items"]?.arrayValue ?? [], metadata?["resourceVersion"]?.stringValue ?? "",
                metadata?["continue"]?.stringValue
            )
        }
    }

    private func pages<Item: Sendable>(
        _ resource: APIResource, _ namespace: String?, _ labelSelector: String?, _ fieldSelector: String?,
        _ limit: Int?, _ deadline: Duration?,
        decodePage: ([UInt8], APIRequest) throws(KubernetesError) -> ([Item], String, String?)
    ) async throws(KubernetesError) -> ResourceList<Item> {
        let end = ContinuousClock.now + (deadline ?? options.deadline)
        var restarts = 0
        var items: [Item] = []
        var token: String?
        while true {
            var query = [("limit", String(limit ?? options.pageSize))]
            if let labelSelector { query.append(("labelSelector", labelSelector)) }
            if let fieldSelector { query.append(("fieldSelector", fieldSelector)) }
            if let token { query.append(("continue", token)) }
            let request = APIRequest(.list, resource, namespace: namespace, query: query)
            do throws(KubernetesError) {
                let body = try await perform(request, deadline: end - .now)
                let (page, resourceVersion, next) = try decodePage(body, request)
                items += page
                guard let next, !next.isEmpty else {
                    return ResourceList(items: items, resourceVersion: resourceVersion)
                }
                token = next
            } catch {
                guard error.isGone, token != nil, restarts < 3 else { throw error }
                restarts += 1
                items = []
                token = nil
            }
        }
    }
}

private struct ListPage<Item: Decodable>: Decodable {
    struct Metadata: Decodable {
        var resourceVersion: String?
        var continueToken: String?

        enum CodingKeys: String, CodingKey {
            case resourceVersion
            case continueToken = "continue"
        }
    }

    var metadata: Metadata
    var items: [Item]?
}
