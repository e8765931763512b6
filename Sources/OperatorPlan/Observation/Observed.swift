public import KubernetesModels
public import PostgresClusterAPI

/// What the shell read, live, before planning.
public struct Observed: Sendable, Hashable {
    /// Names of the cluster's Secrets that exist. Their contents are never read.
    public var secrets: Set<String>
    /// The whole live objects, as JSON, of those ``objectsToRead(cluster:spec:capabilities:)`` names that exist.
    public var objects: [ObjectKey: JSONValue]
    /// Pods with the label `cluster-name`.
    public var pods: [Pod]
    /// Names of the PersistentVolumeClaims `data-<cluster>-<n>` that exist.
    public var volumeClaims: Set<String>
    public var store: StoreSnapshot
    public var capabilities: Capabilities
    /// Whether the namespace is being deleted.
    public var isNamespaceTerminating: Bool

    public init(
        secrets: Set<String> = [], objects: [ObjectKey: JSONValue] = [:], pods: [Pod] = [],
        volumeClaims: Set<String> = [], store: StoreSnapshot = StoreSnapshot(),
        capabilities: Capabilities = Capabilities(), isNamespaceTerminating: Bool = false
    ) {
        self.secrets = secrets
        self.objects = objects
        self.pods = pods
        self.volumeClaims = volumeClaims
        self.store = store
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

    public init(
        leader: StoreObject? = nil, configuration: StoreObject? = nil, failover: StoreObject? = nil,
        synchronization: StoreObject? = nil
    ) {
        self.leader = leader
        self.configuration = configuration
        self.failover = failover
        self.synchronization = synchronization
    }

    /// The objects among ConfigMaps or Endpoints selected by `cluster-name`, told apart by name.
    ///
    /// - Parameter metadata: metadata of every object of the lock's kind with the cluster's label.
    public init(
        cluster: String, lockObject: HighAvailabilitySpec.LockObject, metadata: [ObjectMeta]
    ) {
        let names = ClusterNames(cluster: cluster)
        func object(_ name: String) -> StoreObject? {
            metadata.first { $0.name == name }.map(StoreObject.init)
        }
        self.init(
            leader: object(names.storeLeader(lockObject)), configuration: object(names.storeConfiguration),
            failover: object(names.storeFailover), synchronization: object(names.storeSynchronization))
    }
}

/// One object of the store; its annotations are all that counts.
public struct StoreObject: Sendable, Hashable {
    public var resourceVersion: String?
    public var annotations: [String: String]

    public init(resourceVersion: String?, annotations: [String: String]) {
        self.resourceVersion = resourceVersion
        self.annotations = annotations
    }

    public init(_ metadata: ObjectMeta) {
        self.init(resourceVersion: metadata.resourceVersion, annotations: metadata.annotations ?? [:])
    }
}

/// What the API server serves.
public struct Capabilities: Sendable, Hashable {
    /// The served version of PodDisruptionBudget; nil when there is none.
    public var podDisruptionBudget: APIResource?

    public init(podDisruptionBudget: APIResource? = PodDisruptionBudget.resource) {
        self.podDisruptionBudget = podDisruptionBudget
    }
}

extension Observed {
    /// The objects the shell reads by name before planning.
    public static func objectsToRead(
        cluster: String, lockObject: HighAvailabilitySpec.LockObject, capabilities: Capabilities
    ) -> [ObjectKey] {
        let names = ClusterNames(cluster: cluster)
        var keys = [
            ObjectKey(ServiceAccount.resource, names.serviceAccount),
            ObjectKey(Role.resource, names.role),
            ObjectKey(RoleBinding.resource, names.roleBinding),
            ObjectKey(ConfigMap.resource, names.agentConfigMap),
            ObjectKey(Service.resource, names.readWriteService),
            ObjectKey(Service.resource, names.readOnlyService),
            ObjectKey(Service.resource, names.podsService),
            ObjectKey(StatefulSet.resource, names.statefulSet),
        ]
        if lockObject == .endpoints { keys += names.storeServices.map { ObjectKey(Service.resource, $0) } }
        if let budget = capabilities.podDisruptionBudget {
            keys.append(ObjectKey(budget, names.podDisruptionBudget))
        }
        return keys
    }
}
