public import ClusterRecords
public import ClusterStore
public import KubernetesClient
public import KubernetesModels

/// The ConfigMap with the declared roles, and the Secrets these name.
public struct KubernetesRoleDeclarations: RoleDeclarations {
    private let client: KubernetesClient
    private let scope: Scope

    /// - Parameter client: any but the lock's.
    public init(client: KubernetesClient, scope: Scope) {
        self.client = client
        self.scope = scope
    }

    public func text(within limit: Duration) async throws -> String? {
        try await found { () async throws(KubernetesError) in
            try await client.get(
                ConfigMap.self, name: scope.rolesConfigMap, namespace: scope.namespace, deadline: limit)
        }?.data?[DeclaredRoles.name]
    }

    public func version(ofSecret name: String, within limit: Duration) async throws -> String? {
        try await found { () async throws(KubernetesError) in
            try await client.getMetadata(Secret.resource, name: name, namespace: scope.namespace, deadline: limit)
        }?.resourceVersion
    }

    public func secret(_ name: String, within limit: Duration) async throws -> Secret? {
        let secret = try await found { () async throws(KubernetesError) in
            try await client.get(Secret.self, name: name, namespace: scope.namespace, deadline: limit)
        }
        // The right to read it is about to go.
        if let secret, secret.metadata.labels?[Labels.rolePasswords] != scope.cluster { throw ConsentMissing() }
        return secret
    }

    /// As good as forbidden by the server.
    private struct ConsentMissing: StoreFailure {
        let isConflict = false
        let isNotFound = false
        let isAlreadyExists = false
        let isForbidden = true
        let isRetryable = false
        let isOutcomeUnknown = false
        let retryAfter: Duration? = nil
    }

    private func found<Value>(_ read: () async throws(KubernetesError) -> Value) async throws -> Value? {
        do throws(KubernetesError) {
            return try await read()
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }
}
