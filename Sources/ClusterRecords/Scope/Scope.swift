public import KubernetesModels
import Units

/// One cluster: where it lives, and the names of everything that belongs to it.
///
/// The names of the store's objects are Patroni 4.1's, so that both can run side by side.
public struct Scope: Hashable, Sendable {
    /// Of all its objects.
    public let namespace: String
    /// The cluster's name: of the resource, of its StatefulSet, and what the names of its other objects begin with.
    public let cluster: String

    public init(namespace: String, cluster: String) {
        self.namespace = namespace
        self.cluster = cluster
    }

    /// What lists and watches of the cluster's objects select by.
    public var selector: String { "\(Labels.cluster)=\(cluster)" }

    // MARK: Objects of the operator

    public var statefulSet: String { cluster }
    /// The Service clients write through.
    public var readWriteService: String { cluster }
    public var readOnlyService: String { "\(cluster)-ro" }
    public var podsService: String { "\(cluster)-pods" }
    public var serviceAccount: String { cluster }
    public var role: String { cluster }
    public var roleBinding: String { cluster }
    public var podDisruptionBudget: String { cluster }
    /// Not called like the cluster: a policy of one's own often is, and an object of somebody else stops the operator.
    public var networkPolicy: String { "\(cluster)-members" }
    public var agentConfigMap: String { "\(cluster)-agent" }
    /// With the roles the resource declares, for the leader's agent.
    public var rolesConfigMap: String { "\(cluster)-roles" }
    public var superuserSecret: String { "\(cluster)-superuser" }
    public var replicationSecret: String { "\(cluster)-replication" }
    public var rewindSecret: String { "\(cluster)-rewind" }
    /// What an application connects with; made where `spec.bootstrap.initdb` names no other.
    public var applicationSecret: String { "\(cluster)-app" }

    /// The StatefulSet that asks an image for its version.
    ///
    /// Not made from the cluster's name: that one may be too long for another ending, or another cluster be called like it.
    public static func imageCheck(clusterUID: String) -> String {
        var hash = StableHash()
        hash.combine(clusterUID)
        return "matriarch-image-\(hash.hexadecimal)"
    }

    // MARK: Objects of the agents

    /// The EndpointSlice the leader writes for one family of addresses.
    public func routeSlice(_ family: RouteFamily) -> String {
        switch family {
        case .ipv4: "\(cluster)-primary"
        case .ipv6: "\(cluster)-primary-ipv6"
        }
    }
    public var routeSlices: [String] { RouteFamily.allCases.map(routeSlice) }

    /// The store object with the lock.
    public func storeLeader(_ lockObject: LockObject) -> String {
        switch lockObject {
        case .configMap: "\(cluster)-leader"
        case .endpoints: cluster
        }
    }
    /// The store object with the dynamic configuration, whichever kind carries the lock.
    public var storeConfiguration: String { "\(cluster)-config" }
    public var storeFailover: String { "\(cluster)-failover" }
    public var storeSynchronization: String { "\(cluster)-sync" }
    /// Services that keep Endpoints of the store alive: one without a Service of its name is deleted when the controller
    /// manager starts. The lock's own is the read-write Service.
    public var storeServices: [String] { [storeConfiguration, storeFailover, storeSynchronization] }
}

/// A member is a Pod of the StatefulSet; its name, its ordinal and its slot follow from each other.
extension Scope {
    public func pod(_ ordinal: Int) -> String { "\(cluster)-\(ordinal)" }
    public func volumeClaim(_ ordinal: Int) -> String { "\(Self.volumePrefix)\(pod(ordinal))" }
    private static let volumePrefix = "data-"

    /// Of a member's volume claim; nil when it is none of this cluster.
    public func ordinal(ofVolumeClaim claim: String) -> Int? {
        guard claim.hasPrefix(Self.volumePrefix) else { return nil }
        return ordinal(ofPod: String(claim.dropFirst(Self.volumePrefix.count)))
    }

    /// The number behind the last dash; nil when `pod` is not a member of this cluster.
    public func ordinal(ofPod pod: String) -> Int? {
        guard pod.hasPrefix("\(cluster)-") else { return nil }
        let digits = pod.dropFirst(cluster.count + 1)
        guard let ordinal = Int(digits), ordinal >= 0, String(ordinal) == digits else { return nil }
        return ordinal
    }

    /// Whether a Pod that carries the cluster's label is a member: it goes by a member's name, and nobody but the cluster's
    /// StatefulSet controls it.
    ///
    /// One that nobody controls is a member still: so are all of them for the moments in which a StatefulSet is replaced and
    /// its Pods are left.
    public func isMember(_ pod: ObjectMeta) -> Bool {
        guard let name = pod.name, ordinal(ofPod: name) != nil else { return false }
        guard let controller = pod.ownerReferences?.first(where: { $0.controller == true }) else { return true }
        return controller.kind == "StatefulSet" && controller.name == statefulSet
    }

    /// What the names of all members' slots begin with; see ``SlotName/init(member:)``.
    public var slotPrefix: String { SlotName(member: "\(cluster)-").description }
}
