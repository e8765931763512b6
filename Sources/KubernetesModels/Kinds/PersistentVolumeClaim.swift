/// A claim for storage.
public struct PersistentVolumeClaim: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "", version: "v1", kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims", isNamespaced: true)

    public var metadata: ObjectMeta
    public var spec: PersistentVolumeClaimSpec?
    public var status: PersistentVolumeClaimStatus?

    public init(
        metadata: ObjectMeta,
        spec: PersistentVolumeClaimSpec? = nil,
        status: PersistentVolumeClaimStatus? = nil
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// The storage asked for.
public struct PersistentVolumeClaimSpec: Codable, Sendable, Hashable {
    public var accessModes: [String]?
    public var storageClassName: String?
    public var volumeName: String?
    public var resources: VolumeResources?

    public init(
        accessModes: [String]? = nil,
        storageClassName: String? = nil,
        volumeName: String? = nil,
        resources: VolumeResources? = nil
    ) {
        self.accessModes = accessModes
        self.storageClassName = storageClassName
        self.volumeName = volumeName
        self.resources = resources
    }
}

/// Requested sizes as Kubernetes quantities.
public struct VolumeResources: Codable, Sendable, Hashable {
    public var requests: [String: String]?
    public var limits: [String: String]?

    public init(requests: [String: String]? = nil, limits: [String: String]? = nil) {
        self.requests = requests
        self.limits = limits
    }
}

/// The storage granted.
public struct PersistentVolumeClaimStatus: Codable, Sendable, Hashable {
    /// Pending, Bound or Lost.
    public var phase: String?
    public var capacity: [String: String]?

    public init(phase: String? = nil, capacity: [String: String]? = nil) {
        self.phase = phase
        self.capacity = capacity
    }
}
