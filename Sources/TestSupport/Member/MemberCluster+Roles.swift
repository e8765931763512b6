public import ClusterRecords
import KubernetesClient
import KubernetesModels

/// The declared roles, as the operator writes them, and the Secrets people make for them.
extension MemberCluster {
    /// Writes a list and says that it is in force.
    public func declare(_ roles: DeclaredRoles) async throws {
        try await writeRoles(roles.text)
        try await annotate(.configuration, [StoreKey.roles: .string(DeclaredRoles.revision(of: roles.text))])
    }

    /// Writes a list of which nobody says that it is in force.
    public func writeRoles(_ text: String) async throws {
        try await write(
            ConfigMap.resource, scope.rolesConfigMap, ["data": [DeclaredRoles.name: .string(text)]])
    }

    /// Makes a Secret, or replaces what it holds.
    ///
    /// - Parameter consent: the cluster whose agents may read it; nil: this one.
    public func writeSecret(_ name: String, _ values: [String: String], consent: String? = nil) async throws {
        try await write(
            Secret.resource, name,
            [
                "metadata": ["labels": [Labels.rolePasswords: .string(consent ?? scope.cluster)]],
                "data": JSONValue(values.mapValues { Secret.encoded($0) }),
            ])
    }

    /// What a member says of the declared roles.
    public func roles(of member: String) async throws -> RolesReport? {
        MemberRecord(annotation: try await status(of: member))?.roles
    }

    private func write(_ resource: APIResource, _ name: String, _ body: [String: JSONValue]) async throws {
        do throws(KubernetesError) {
            _ = try await client.mergePatchRaw(resource, name: name, namespace: namespace, body: .object(body))
        } catch {
            guard error.isNotFound else { throw error }
            var object = body
            var metadata = body["metadata"] ?? [:]
            metadata["name"] = .string(name)
            object["metadata"] = metadata
            _ = try await client.createRaw(resource, body: .object(object), namespace: namespace)
        }
    }
}
