public import KubernetesModels

extension KubernetesClient {
    /// Reads a path that is no resource, such as `/version`, as JSON.
    public func getPath(_ path: String, deadline: Duration? = nil) async throws(KubernetesError) -> JSONValue {
        let request = APIRequest(path: path)
        return try decodeValue(try await perform(request, deadline: deadline), request: request)
    }

    /// Reads a path that is no resource, such as `/readyz` or a Pod's log, as text.
    public func getText(_ path: String, deadline: Duration? = nil) async throws(KubernetesError) -> String {
        String(decoding: try await perform(APIRequest(path: path), deadline: deadline), as: UTF8.self)
    }

    /// The server's version, as `v1.30.2`.
    public func serverVersion(deadline: Duration? = nil) async throws(KubernetesError) -> String {
        try await getPath("/version", deadline: deadline)["gitVersion"]?.stringValue ?? "unknown"
    }

    /// Whether the server serves this kind in this group and version.
    public func serves(_ resource: APIResource, deadline: Duration? = nil) async throws(KubernetesError) -> Bool {
        do throws(KubernetesError) {
            let list = try await getPath(resource.groupVersionPath, deadline: deadline)
            return list["resources"]?.arrayValue?.contains { $0["name"]?.stringValue == resource.plural } ?? false
        } catch {
            guard error.isNotFound else { throw error }
            return false
        }
    }
}
