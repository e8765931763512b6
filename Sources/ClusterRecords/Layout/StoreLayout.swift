/// Which Kubernetes objects carry the lock and everything beside it.
public enum LockObject: String, Hashable, Sendable, CaseIterable {
    case configMap = "ConfigMap"
    case endpoints = "Endpoints"
}

/// Names of a cluster's store objects: Patroni 4.1's, so that both can run side by side.
public struct StoreLayout: Hashable, Sendable {
    public let cluster: String
    public let namespace: String
    public let lockObject: LockObject

    public init(cluster: String, namespace: String, lockObject: LockObject) {
        self.cluster = cluster
        self.namespace = namespace
        self.lockObject = lockObject
    }

    public var leader: String {
        switch lockObject {
        case .configMap: cluster + "-leader"
        case .endpoints: cluster
        }
    }
    public var configuration: String { cluster + "-config" }
    public var failover: String { cluster + "-failover" }
    public var synchronization: String { cluster + "-sync" }

    /// What every object of the cluster carries, and what lists and watches select by.
    public var labels: [String: String] {
        [
            StoreKey.clusterLabel: cluster, "app.kubernetes.io/name": "matriarch",
            "app.kubernetes.io/instance": cluster,
            "app.kubernetes.io/managed-by": "matriarch", "app.kubernetes.io/component": "store",
        ]
    }
    public var selector: String { "\(StoreKey.clusterLabel)=\(cluster)" }
}
