public import KubernetesModels

extension KubernetesClient {
    /// Merges `body` into an object (RFC 7386: `null` removes a member).
    ///
    /// A `metadata.resourceVersion` in the body makes the patch conditional on it.
    ///
    /// - Throws: `isConflict` when that resourceVersion is no longer current.
    public func mergePatch<R: KubernetesResource>(
        _ type: R.Type, name: String, namespace: String? = nil, body: JSONValue, subresource: String? = nil,
        deadline: Duration? = nil
    ) async throws(KubernetesError) -> R {
        let request = patchRequest(.merge, R.resource, name, namespace, subresource, body)
        return try decode(type, from: try await perform(request, deadline: deadline), request: request)
    }

    /// As `mergePatch` for a kind without a type.
    public func mergePatchRaw(
        _ resource: APIResource, name: String, namespace: String? = nil, body: JSONValue,
        subresource: String? = nil, options: WriteOptions = WriteOptions(), deadline: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        var request = patchRequest(.merge, resource, name, namespace, subresource, body)
        request.query = options.query
        return try decodeValue(try await perform(request, deadline: deadline), request: request)
    }

    /// Applies the operations of RFC 6902 in order, all or none.
    ///
    /// - Throws: `code == .invalidObject` when an operation, for instance a `test`, does not hold.
    public func jsonPatch<R: KubernetesResource>(
        _ type: R.Type, name: String, namespace: String? = nil, operations: [JSONPatchOperation],
        subresource: String? = nil, deadline: Duration? = nil
    ) async throws(KubernetesError) -> R {
        let body = JSONValue.array(operations.map(\.jsonValue))
        let request = patchRequest(.operations, R.resource, name, namespace, subresource, body)
        return try decode(type, from: try await perform(request, deadline: deadline), request: request)
    }

    /// As `jsonPatch` for a kind without a type.
    public func jsonPatchRaw(
        _ resource: APIResource, name: String, namespace: String? = nil, operations: [JSONPatchOperation],
        subresource: String? = nil, deadline: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        let body = JSONValue.array(operations.map(\.jsonValue))
        let request = patchRequest(.operations, resource, name, namespace, subresource, body)
        return try decodeValue(try await perform(request, deadline: deadline), request: request)
    }

    /// Server-side apply: creates the object or makes the fields in `body` ours; fields applied before and now absent
    /// are given up.
    ///
    /// - Parameter force: take fields from other managers instead of failing with `isConflict`.
    public func apply<R: KubernetesResource>(
        _ type: R.Type, name: String, namespace: String? = nil, body: JSONValue, fieldManager: String,
        force: Bool = false, subresource: String? = nil, deadline: Duration? = nil
    ) async throws(KubernetesError) -> R {
        let request = applyRequest(R.resource, name, namespace, subresource, body, fieldManager, force)
        return try decode(type, from: try await perform(request, deadline: deadline), request: request)
    }

    /// As `apply` for a kind without a type.
    public func applyRaw(
        _ resource: APIResource, name: String, namespace: String? = nil, body: JSONValue, fieldManager: String,
        force: Bool = false, subresource: String? = nil, deadline: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        let request = applyRequest(resource, name, namespace, subresource, body, fieldManager, force)
        return try decodeValue(try await perform(request, deadline: deadline), request: request)
    }

    /// Sets the replicas of a kind with the scale subresource.
    ///
    /// - Returns: the replicas the server now wants.
    public func setScale(
        _ resource: APIResource, name: String, namespace: String? = nil, replicas: Int, deadline: Duration? = nil
    ) async throws(KubernetesError) -> Int {
        let answer = try await mergePatchRaw(
            resource, name: name, namespace: namespace, body: ["spec": ["replicas": JSONValue(replicas)]],
            subresource: "scale", deadline: deadline)
        return answer.value(at: "spec", "replicas")?.intValue ?? 0
    }

    private enum PatchKind: String {
        case merge = "application/merge-patch+json"
        case operations = "application/json-patch+json"
        case apply = "application/apply-patch+yaml"
    }

    private func patchRequest(
        _ kind: PatchKind, _ resource: APIResource, _ name: String, _ namespace: String?, _ subresource: String?,
        _ body: JSONValue
    ) -> APIRequest {
        var request = APIRequest(
            kind == .apply ? .apply : .patch, resource, namespace: self.namespace(namespace), name: name,
            subresource: subresource, body: body)
        request.contentType = kind.rawValue
        return request
    }

    private func applyRequest(
        _ resource: APIResource, _ name: String, _ namespace: String?, _ subresource: String?, _ body: JSONValue,
        _ fieldManager: String, _ force: Bool
    ) -> APIRequest {
        var object = body.identified(as: resource)
        var metadata = object["metadata"] ?? [:]
        if metadata["name"] == nil { metadata["name"] = .string(name) }
        object["metadata"] = metadata
        var request = patchRequest(
            .apply, resource, name, namespace ?? metadata["namespace"]?.stringValue, subresource, object)
        request.query = [("fieldManager", fieldManager), ("force", force ? "true" : "false")]
        return request
    }
}
