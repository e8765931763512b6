public import ClusterRecords
public import HighAvailability
public import KubernetesModels
public import PostgresClusterAPI
import PostgresConfiguration

/// What the shell read, live, before planning.
public struct Observed: Sendable, Hashable {
    /// The cluster's Secrets that exist, by name. Their contents are never read.
    public var secrets: [String: ObjectMeta]
    /// Of the Secrets that declared roles name, those whose owner lets this cluster's agents read them; see
    /// ``passwordSecrets(of:)``.
    public var consentingSecrets: Set<String>
    /// The whole live objects, as JSON, of those ``objectsToRead(of:lockObject:capabilities:)`` names that exist.
    public var objects: [ObjectKey: JSONValue]
    /// Pods with the label `cluster-name`.
    public var pods: [Pod]
    /// Names of the PersistentVolumeClaims `data-<cluster>-<n>` that exist.
    public var volumeClaims: Set<String>
    /// Phases of those that are not bound, by name.
    public var unboundClaims: [String: String]
    public var store: StoreSnapshot
    /// nil when nobody watches the lock, or there is none.
    public var lockAge: LockAge?
    /// nil while no image is asked for its version.
    public var imageCheck: ObservedImageCheck?
    public var route: ObservedRoute
    public var capabilities: Capabilities
    /// Whether the namespace is being deleted.
    public var isNamespaceTerminating: Bool

    public init(
        secrets: [String: ObjectMeta] = [:], consentingSecrets: Set<String> = [],
        objects: [ObjectKey: JSONValue] = [:], pods: [Pod] = [],
        volumeClaims: Set<String> = [], unboundClaims: [String: String] = [:],
        store: StoreSnapshot = StoreSnapshot(), lockAge: LockAge? = nil,
        imageCheck: ObservedImageCheck? = nil, route: ObservedRoute = ObservedRoute(),
        capabilities: Capabilities = Capabilities(), isNamespaceTerminating: Bool = false
    ) {
        self.secrets = secrets
        self.consentingSecrets = consentingSecrets
        self.objects = objects
        self.pods = pods
        self.volumeClaims = volumeClaims
        self.unboundClaims = unboundClaims
        self.store = store
        self.lockAge = lockAge
        self.imageCheck = imageCheck
        self.route = route
        self.capabilities = capabilities
        self.isNamespaceTerminating = isNamespaceTerminating
    }
}

/// The objects of the store that exist, by role.
public struct StoreSnapshot: Sendable, Hashable {
    public var leader: StoreObject?
    public var configuration: StoreObject?
    public var failover: StoreObject?
    public var synchronization: StoreObject?

    /// nil when there is no lock.
    public var lock: LockRecord? {
        leader.map { LockRecord(version: $0.resourceVersion ?? "", annotations: $0.annotations) }
    }

    public init(
        leader: StoreObject? = nil, configuration: StoreObject? = nil, failover: StoreObject? = nil,
        synchronization: StoreObject? = nil
    ) {
        self.leader = leader
        self.configuration = configuration
        self.failover = failover
        self.synchronization = synchronization
    }

    /// The objects told apart by name.
    ///
    /// - Parameter metadata: metadata of those of ``names(of:lockObject:)`` that exist.
    public init(_ scope: Scope, lockObject: LockObject, metadata: [ObjectMeta]) {
        func object(_ name: String) -> StoreObject? {
            metadata.first { $0.name == name }.map(StoreObject.init)
        }
        self.init(
            leader: object(scope.storeLeader(lockObject)), configuration: object(scope.storeConfiguration),
            failover: object(scope.storeFailover), synchronization: object(scope.storeSynchronization))
    }
}

extension StoreSnapshot {
    /// Names of the objects, all of the kind that carries the lock. They are read by name, as they are written: one that
    /// lacks the cluster's label is there all the same.
    public static func names(of scope: Scope, lockObject: LockObject) -> [String] {
        [scope.storeLeader(lockObject), scope.storeConfiguration, scope.storeFailover, scope.storeSynchronization]
    }
}

/// One object of the store; its annotations are all that counts, labels and owners tell whose it is.
public struct StoreObject: Sendable, Hashable {
    public var resourceVersion: String?
    public var annotations: [String: String]
    public var labels: [String: String]
    public var owners: [OwnerReference]

    public init(
        resourceVersion: String?, annotations: [String: String], labels: [String: String] = [:],
        owners: [OwnerReference] = []
    ) {
        self.resourceVersion = resourceVersion
        self.annotations = annotations
        self.labels = labels
        self.owners = owners
    }

    public init(_ metadata: ObjectMeta) {
        self.init(
            resourceVersion: metadata.resourceVersion, annotations: metadata.annotations ?? [:],
            labels: metadata.labels ?? [:], owners: metadata.ownerReferences ?? [])
    }
}

extension PostgresCluster {
    /// The kind the store was made with: a spec that says otherwise, or that cannot be read, does not move it.
    public var storedLockObject: LockObject {
        if let made = status?.lockObject { return made }
        switch spec {
        case .success(let spec): return spec.highAvailability.lockObject
        case .failure: return .configMap
        }
    }
}

/// What the API server serves.
public struct Capabilities: Sendable, Hashable {
    /// The served version of PodDisruptionBudget; nil when there is none.
    public var podDisruptionBudget: APIResource?
    /// The served version of EndpointSlice; nil when there is none.
    public var endpointSlice: APIResource?

    public init(
        podDisruptionBudget: APIResource? = PodDisruptionBudget.resource, endpointSlice: APIResource? = .endpointSlice
    ) {
        self.podDisruptionBudget = podDisruptionBudget
        self.endpointSlice = endpointSlice
    }
}

extension Observed {
    /// Names of the Secrets whose owners are to be asked, by ``consents(_:to:)``.
    public static func passwordSecrets(of cluster: PostgresCluster) -> [String] {
        guard case .success(let spec) = cluster.spec else { return [] }
        return Set((spec.roles ?? []).map(\.declared).compactMap(\.passwordSecret)).sorted()
    }

    /// Whether a Secret says itself that the passwords in it are for this cluster's roles.
    ///
    /// Whoever edits the resource names Secrets; whose a Secret is decides who may read it.
    public static func consents(_ secret: ObjectMeta, to scope: Scope) -> Bool {
        secret.labels?[Labels.rolePasswords] == scope.cluster
    }

    /// The objects the shell reads by name before planning.
    public static func objectsToRead(
        of scope: Scope, lockObject: LockObject, capabilities: Capabilities
    ) -> [ObjectKey] {
        var keys = [
            ObjectKey(ServiceAccount.resource, scope.serviceAccount),
            ObjectKey(Role.resource, scope.role),
            ObjectKey(RoleBinding.resource, scope.roleBinding),
            ObjectKey(ConfigMap.resource, scope.agentConfigMap),
            ObjectKey(ConfigMap.resource, scope.rolesConfigMap),
            ObjectKey(Service.resource, scope.readWriteService),
            ObjectKey(Service.resource, scope.readOnlyService),
            ObjectKey(Service.resource, scope.podsService),
            ObjectKey(.networkPolicy, scope.networkPolicy),
            ObjectKey(StatefulSet.resource, scope.statefulSet),
        ]
        if lockObject == .endpoints { keys += scope.storeServices.map { ObjectKey(Service.resource, $0) } }
        if let budget = capabilities.podDisruptionBudget {
            keys.append(ObjectKey(budget, scope.podDisruptionBudget))
        }
        return keys
    }
}
