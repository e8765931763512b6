/// The names of everything that belongs to one cluster.
public struct ClusterNames: Sendable, Hashable {
    public let cluster: String

    public init(cluster: String) {
        self.cluster = cluster
    }

    public var statefulSet: String { cluster }
    public var readWriteService: String { cluster }
    /// The EndpointSlices the leader writes, one for each family of addresses.
    public var routeSlices: [String] { ["\(cluster)-primary", "\(cluster)-primary-ipv6"] }
    public var readOnlyService: String { "\(cluster)-ro" }
    public var podsService: String { "\(cluster)-pods" }
    public var serviceAccount: String { cluster }
    public var role: String { cluster }
    public var roleBinding: String { cluster }
    public var podDisruptionBudget: String { cluster }
    public var agentConfigMap: String { "\(cluster)-agent" }
    public var superuserSecret: String { "\(cluster)-superuser" }
    public var replicationSecret: String { "\(cluster)-replication" }
    public var rewindSecret: String { "\(cluster)-rewind" }

    public func pod(_ ordinal: Int) -> String { "\(cluster)-\(ordinal)" }
    public func volumeClaim(_ ordinal: Int) -> String { "data-\(cluster)-\(ordinal)" }

    /// The store object with the dynamic configuration, whichever kind carries the lock.
    public var storeConfiguration: String { "\(cluster)-config" }
    public var storeFailover: String { "\(cluster)-failover" }
    public var storeSynchronization: String { "\(cluster)-sync" }
    /// Services that keep Endpoints of the store alive: one without a Service of its name is deleted when the controller
    /// manager starts. The lock's own is the read-write Service.
    public var storeServices: [String] { [storeConfiguration, storeFailover, storeSynchronization] }
    /// The store object with the lock.
    public func storeLeader(_ lockObject: HighAvailabilitySpec.LockObject) -> String {
        switch lockObject {
        case .configMap: "\(cluster)-leader"
        case .endpoints: cluster
        }
    }

    /// The StatefulSet that asks an image for its version.
    ///
    /// Not made from the cluster's name: that one may be too long for another ending, or another cluster be called like it.
    public static func imageCheck(clusterUID: String) -> String {
        var hash = StableHash()
        hash.combine(clusterUID)
        return "matriarch-image-\(hash.hexadecimal)"
    }

    /// The number behind the last dash; nil when `pod` is not a member of this cluster.
    public func ordinal(ofPod pod: String) -> Int? {
        guard pod.hasPrefix("\(cluster)-") else { return nil }
        let digits = pod.dropFirst(cluster.count + 1)
        guard let ordinal = Int(digits), ordinal >= 0, String(ordinal) == digits else { return nil }
        return ordinal
    }
}
