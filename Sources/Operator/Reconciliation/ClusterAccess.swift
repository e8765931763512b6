import ClusterRecords
import ControllerRuntime
import KubernetesClient
import KubernetesModels
import Logging
import OperatorPlan
import PostgresClusterAPI

/// Live reads and writes of what belongs to one cluster.
struct ClusterAccess: Sendable {
    private static let deadline = Duration.seconds(10)

    private let client: KubernetesClient
    private let capabilities: CapabilityCache
    private let consents: ConsentCache

    init(client: KubernetesClient, logger: Logger) {
        self.client = client
        capabilities = CapabilityCache(client: client)
        consents = ConsentCache(logger: logger)
    }

    /// - Returns: nil when it is gone.
    func cluster(_ key: ResourceKey) async throws -> PostgresCluster? {
        try await found {
            try await client.get(
                PostgresCluster.self, name: key.name, namespace: key.namespace, deadline: Self.deadline)
        }
    }

    // MARK: Reading

    /// Reads everything a plan needs, all requests at once.
    func observe(_ cluster: PostgresCluster) async throws -> Observed {
        let scope = cluster.scope
        let lockObject = cluster.storedLockObject
        let capabilities = try await capabilities.current()

        async let secrets = secrets(of: scope)
        async let consenting = consents.consenting(of: cluster) { name in
            try await found {
                try await client.getMetadata(
                    Secret.resource, name: name, namespace: scope.namespace, deadline: Self.deadline)
            }
        }
        async let objects = objects(
            Observed.objectsToRead(of: scope, lockObject: lockObject, capabilities: capabilities),
            namespace: scope.namespace)
        async let pods = client.list(
            Pod.self, namespace: scope.namespace, labelSelector: scope.selector, deadline: Self.deadline)
        async let claims = volumeClaims(of: scope)
        async let store = storeMetadata(lockObject, of: scope)
        async let check = imageCheck(of: cluster, namespace: scope.namespace)
        async let route = route(lockObject, capabilities, of: scope)
        async let isTerminating = isTerminating(scope.namespace)
        return Observed(
            secrets: try await secrets, consentingSecrets: try await consenting, objects: try await objects,
            pods: try await pods.items,
            volumeClaims: Set(try await claims.keys), unboundClaims: try await claims.filter { $0.value != "Bound" },
            store: StoreSnapshot(scope, lockObject: lockObject, metadata: try await store),
            imageCheck: try await check, route: try await route, capabilities: capabilities,
            isNamespaceTerminating: try await isTerminating)
    }

    /// Metadata alone: the type has no field for contents, so they are never decoded.
    private struct SecretMetadata: KubernetesResource {
        static let resource = Secret.resource
        var metadata: ObjectMeta
    }

    private func secrets(of scope: Scope) async throws -> [String: ObjectMeta] {
        let wanted = [
            scope.superuserSecret, scope.replicationSecret, scope.rewindSecret, scope.applicationSecret,
        ]
        return try await withThrowingTaskGroup(of: (String, ObjectMeta?).self) { group in
            for name in wanted {
                group.addTask {
                    let secret = try await found {
                        try await client.get(
                            SecretMetadata.self, name: name, namespace: scope.namespace, deadline: Self.deadline)
                    }
                    return (name, secret?.metadata)
                }
            }
            return try await group.reduce(into: [:]) { secrets, entry in secrets[entry.0] = entry.1 }
        }
    }

    private func objects(_ keys: [ObjectKey], namespace: String) async throws -> [ObjectKey: JSONValue] {
        try await withThrowingTaskGroup(of: (ObjectKey, JSONValue?).self) { group in
            for key in keys {
                group.addTask {
                    do {
                        let object = try await found {
                            try await client.getRaw(
                                key.resource, name: key.name, namespace: namespace, deadline: Self.deadline)
                        }
                        return (key, object)
                    } catch let error as KubernetesError where error.isForbidden && key.resource == .networkPolicy {
                        // The role is of an operator of before, which made none. Who wants one is told when it is applied.
                        return (key, nil)
                    }
                }
            }
            return try await group.reduce(into: [:]) { objects, entry in objects[entry.0] = entry.1 }
        }
    }

    private func imageCheck(of cluster: PostgresCluster, namespace: String) async throws -> ObservedImageCheck? {
        let name = Scope.imageCheck(clusterUID: cluster.metadata.uid ?? "")
        let live = try await found {
            try await client.getRaw(StatefulSet.resource, name: name, namespace: namespace, deadline: Self.deadline)
        }
        guard let live else { return nil }
        let pod = try await found {
            try await client.get(Pod.self, name: "\(name)-0", namespace: namespace, deadline: Self.deadline)
        }
        return ObservedImageCheck(statefulSet: live, pod: pod)
    }

    /// Phases by name.
    private func volumeClaims(of scope: Scope) async throws -> [String: String] {
        // The StatefulSet controller gives claims the labels of its selector, not those of the template.
        let claims = try await client.list(
            PersistentVolumeClaim.self, namespace: scope.namespace, labelSelector: scope.selector,
            deadline: Self.deadline)
        return Dictionary(
            claims.items.compactMap { claim in claim.metadata.name.map { ($0, claim.status?.phase ?? "Pending") } },
            uniquingKeysWith: { first, _ in first })
    }

    private func storeMetadata(_ lockObject: LockObject, of scope: Scope) async throws -> [ObjectMeta] {
        let resource = lockObject == .configMap ? ConfigMap.resource : Endpoints.resource
        let keys = StoreSnapshot.names(of: scope, lockObject: lockObject).map { ObjectKey(resource, $0) }
        return try await objects(keys, namespace: scope.namespace).values.compactMap { try $0["metadata"]?.decoded() }
    }

    private func route(
        _ lockObject: LockObject, _ capabilities: Capabilities, of scope: Scope
    ) async throws -> ObservedRoute {
        guard lockObject == .configMap, let resource = capabilities.endpointSlice else { return ObservedRoute() }
        let service = scope.readWriteService
        async let endpoints = objects([ObjectKey(Endpoints.resource, service)], namespace: scope.namespace)
        let slices: [JSONValue]
        do throws(KubernetesError) {
            slices = try await client.listRaw(
                resource, namespace: scope.namespace, labelSelector: "\(EndpointSliceLabel.service)=\(service)",
                deadline: Self.deadline
            ).items
        } catch {
            // A list of what is served is never "not found".
            if error.isNotFound { self.capabilities.forget() }
            throw error
        }
        return ObservedRoute(slices: slices, endpoints: try await endpoints.values.first?["metadata"]?.decoded())
    }

    private func isTerminating(_ namespace: String) async throws -> Bool {
        do throws(KubernetesError) {
            let live = try await client.get(Namespace.self, name: namespace, deadline: Self.deadline)
            return live.metadata.deletionTimestamp != nil
        } catch {
            // An operator with the rights of one namespace may not see it; it is then told by refused writes.
            guard error.isNotFound || error.isForbidden else { throw error }
            return error.isNotFound
        }
    }

    // MARK: Writing

    /// Carries out one change that is a request.
    /// - Returns: the cluster as it is after a change to itself.
    func carryOut(_ change: Change, on cluster: PostgresCluster) async throws -> PostgresCluster? {
        let name = cluster.metadata.name ?? ""
        let namespace = cluster.metadata.namespace ?? ""
        switch change {
        case .apply(let key, let body):
            do throws(KubernetesError) {
                _ = try await client.applyRaw(
                    key.resource, name: key.name, namespace: namespace, body: body,
                    fieldManager: OperatorNames.fieldManager, force: true, deadline: Self.deadline)
            } catch {
                // Apply creates what is absent, so it is the kind that is not there.
                if error.isNotFound { capabilities.forget() }
                throw error
            }
            return nil
        case .createSecret(let request):
            do throws(KubernetesError) {
                _ = try await client.createRaw(
                    request.key.resource, body: request.body(password: PasswordGenerator.make()), namespace: namespace,
                    deadline: Self.deadline)
            } catch {
                // What exists is never replaced.
                guard error.isAlreadyExists else { throw error }
            }
            return nil
        case .delete(let key, let uid):
            _ = try await found {
                try await client.deleteRaw(
                    key.resource, name: key.name, namespace: namespace, uid: uid, propagation: .background,
                    deadline: Self.deadline)
            }
            return nil
        case .writeStore(let write):
            if write.isCreation {
                _ = try await client.createRaw(
                    write.key.resource, body: write.body, namespace: namespace, deadline: Self.deadline)
            } else {
                _ = try await client.mergePatchRaw(
                    write.key.resource, name: write.key.name, namespace: namespace, body: write.body,
                    deadline: Self.deadline)
            }
            return nil
        case .patch(let key, let body):
            _ = try await found {
                try await client.mergePatchRaw(
                    key.resource, name: key.name, namespace: namespace, body: body, deadline: Self.deadline)
            }
            return nil
        case .patchMetadata(let body):
            return try await found {
                try await client.mergePatch(
                    PostgresCluster.self, name: name, namespace: namespace, body: body, deadline: Self.deadline)
            }
        case .patchStatus(let body):
            return try await client.mergePatch(
                PostgresCluster.self, name: name, namespace: namespace, body: body, subresource: "status",
                deadline: Self.deadline)
        case .event:
            return nil
        }
    }

    /// nil instead of "not found".
    private func found<Value>(_ request: () async throws -> Value) async throws -> Value? {
        do {
            return try await request()
        } catch let error as KubernetesError where error.isNotFound {
            return nil
        }
    }
}
