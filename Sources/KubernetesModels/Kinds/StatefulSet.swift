/// A StatefulSet, read-only and partial: never written back whole.
public struct StatefulSet: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "apps", version: "v1", kind: "StatefulSet", plural: "statefulsets", isNamespaced: true)

    public var metadata: ObjectMeta
    public var spec: StatefulSetSpec?
    public var status: StatefulSetStatus?

    public init(metadata: ObjectMeta, spec: StatefulSetSpec? = nil, status: StatefulSetStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// The desired state of a StatefulSet.
public struct StatefulSetSpec: Codable, Sendable, Hashable {
    public var replicas: Int?
    public var serviceName: String?
    public var selector: LabelSelector?
    public var podManagementPolicy: String?
    public var updateStrategy: JSONValue?
    public var template: JSONValue?
    public var volumeClaimTemplates: [JSONValue]?

    public init(
        replicas: Int? = nil,
        serviceName: String? = nil,
        selector: LabelSelector? = nil,
        podManagementPolicy: String? = nil,
        updateStrategy: JSONValue? = nil,
        template: JSONValue? = nil,
        volumeClaimTemplates: [JSONValue]? = nil
    ) {
        self.replicas = replicas
        self.serviceName = serviceName
        self.selector = selector
        self.podManagementPolicy = podManagementPolicy
        self.updateStrategy = updateStrategy
        self.template = template
        self.volumeClaimTemplates = volumeClaimTemplates
    }
}

/// The observed state of a StatefulSet.
public struct StatefulSetStatus: Codable, Sendable, Hashable {
    public var observedGeneration: Int64?
    public var replicas: Int?
    public var readyReplicas: Int?
    public var currentReplicas: Int?
    public var updatedReplicas: Int?
    public var currentRevision: String?
    public var updateRevision: String?

    public init(
        observedGeneration: Int64? = nil,
        replicas: Int? = nil,
        readyReplicas: Int? = nil,
        currentReplicas: Int? = nil,
        updatedReplicas: Int? = nil,
        currentRevision: String? = nil,
        updateRevision: String? = nil
    ) {
        self.observedGeneration = observedGeneration
        self.replicas = replicas
        self.readyReplicas = readyReplicas
        self.currentReplicas = currentReplicas
        self.updatedReplicas = updatedReplicas
        self.currentRevision = currentRevision
        self.updateRevision = updateRevision
    }
}
