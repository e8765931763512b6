public import KubernetesModels

extension KubernetesClient {
    /// Creates an object.
    ///
    /// - Throws: `isAlreadyExists` when one of that name is there. After an unknown outcome a repeat that says so may
    ///   mean the first one landed.
    public func create<R: KubernetesResource>(
        _ object: R, namespace: String? = nil, deadline: Duration? = nil
    ) async throws(KubernetesError) -> R {
        let body = try encode(object)
        let request = createRequest(R.resource, body, namespace)
        return try decode(R.self, from: try await perform(request, deadline: deadline), request: request)
    }

    /// Creates an object of a kind without a type.
    public func createRaw(
        _ resource: APIResource, body: JSONValue, namespace: String? = nil, subresource: String? = nil,
        name: String? = nil, options: WriteOptions = WriteOptions(), deadline: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        var request = createRequest(resource, body, namespace, name: name, subresource: subresource)
        request.query = options.query
        return try decodeValue(try await perform(request, deadline: deadline), request: request)
    }

    private func createRequest(
        _ resource: APIResource, _ body: JSONValue, _ namespace: String?, name: String? = nil,
        subresource: String? = nil
    ) -> APIRequest {
        let own = body.value(at: "metadata", "namespace")?.stringValue
        return APIRequest(
            .create, resource, namespace: self.namespace(namespace ?? own), name: name, subresource: subresource,
            body: body.identified(as: resource))
    }

    /// Replaces an object. With a resourceVersion in its metadata, only if it is still the one that was read.
    ///
    /// Only for types that are complete; what the type does not know is lost.
    ///
    /// - Throws: `isConflict` when the object has changed since.
    public func replace<R: KubernetesResource>(
        _ object: R, namespace: String? = nil, subresource: String? = nil, deadline: Duration? = nil
    ) async throws(KubernetesError) -> R {
        let body = try encode(object)
        let request = try replaceRequest(R.resource, body, namespace, subresource)
        return try decode(R.self, from: try await perform(request, deadline: deadline), request: request)
    }

    /// Replaces an object of a kind without a type.
    public func replaceRaw(
        _ resource: APIResource, body: JSONValue, namespace: String? = nil, subresource: String? = nil,
        options: WriteOptions = WriteOptions(), deadline: Duration? = nil
    ) async throws(KubernetesError) -> JSONValue {
        var request = try replaceRequest(resource, body, namespace, subresource)
        request.query = options.query
        return try decodeValue(try await perform(request, deadline: deadline), request: request)
    }

    private func replaceRequest(
        _ resource: APIResource, _ body: JSONValue, _ namespace: String?, _ subresource: String?
    ) throws(KubernetesError) -> APIRequest {
        guard let name = body.value(at: "metadata", "name")?.stringValue else {
            throw KubernetesError(code: .invalidRequest, message: "an object to replace needs a name")
        }
        let own = body.value(at: "metadata", "namespace")?.stringValue
        return APIRequest(
            .update, resource, namespace: self.namespace(namespace ?? own), name: name, subresource: subresource,
            body: body.identified(as: resource))
    }

    /// Deletes an object.
    ///
    /// - Parameters:
    ///   - uid, resourceVersion: refuse (with `isConflict`) unless the object is this one.
    ///   - propagation: what happens to objects it owns; the server's default when absent.
    ///   - gracePeriodSeconds: 0 deletes at once, which for a Pod means without waiting for its death.
    public func delete<R: KubernetesResource>(
        _ type: R.Type, name: String, namespace: String? = nil, uid: String? = nil, resourceVersion: String? = nil,
        propagation: DeletePropagation? = nil, gracePeriodSeconds: Int? = nil, deadline: Duration? = nil
    ) async throws(KubernetesError) {
        try await deleteRaw(
            R.resource, name: name, namespace: namespace, uid: uid, resourceVersion: resourceVersion,
            propagation: propagation, gracePeriodSeconds: gracePeriodSeconds, deadline: deadline)
    }

    /// Deletes an object of a kind without a type.
    public func deleteRaw(
        _ resource: APIResource, name: String, namespace: String? = nil, uid: String? = nil,
        resourceVersion: String? = nil, propagation: DeletePropagation? = nil, gracePeriodSeconds: Int? = nil,
        deadline: Duration? = nil
    ) async throws(KubernetesError) {
        var body: JSONValue = ["apiVersion": "v1", "kind": "DeleteOptions"]
        var preconditions: [String: JSONValue] = [:]
        preconditions["uid"] = uid.map(JSONValue.string)
        preconditions["resourceVersion"] = resourceVersion.map(JSONValue.string)
        if !preconditions.isEmpty { body["preconditions"] = .object(preconditions) }
        body["propagationPolicy"] = propagation.map { .string($0.rawValue) }
        body["gracePeriodSeconds"] = gracePeriodSeconds.map { JSONValue($0) }
        let request = APIRequest(
            .delete, resource, namespace: self.namespace(namespace), name: name, body: body)
        _ = try await perform(request, deadline: deadline)
    }
}

/// What happens to the objects an object owns when it is deleted.
public enum DeletePropagation: String, Sendable, Hashable {
    case orphan = "Orphan"
    case background = "Background"
    case foreground = "Foreground"
}

extension JSONValue {
    /// With `apiVersion` and `kind`, unless the object has its own (a Binding, an Eviction, a Scale).
    func identified(as resource: APIResource) -> JSONValue {
        var result = self
        if result["apiVersion"] == nil { result["apiVersion"] = .string(resource.apiVersion) }
        if result["kind"] == nil { result["kind"] = .string(resource.kind) }
        return result
    }
}
