/// A node.
public struct Node: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "", version: "v1", kind: "Node", plural: "nodes", isNamespaced: false)

    public var metadata: ObjectMeta
    public var spec: NodeSpec?
    public var status: NodeStatus?

    public init(metadata: ObjectMeta, spec: NodeSpec? = nil, status: NodeStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// The desired state of a node.
public struct NodeSpec: Codable, Sendable, Hashable {
    public var unschedulable: Bool?
    public var taints: [Taint]?
    public var providerID: String?

    public init(unschedulable: Bool? = nil, taints: [Taint]? = nil, providerID: String? = nil) {
        self.unschedulable = unschedulable
        self.taints = taints
        self.providerID = providerID
    }
}

/// Keeps Pods away from a node.
public struct Taint: Codable, Sendable, Hashable {
    public var key: String?
    public var value: String?
    public var effect: String?

    public init(key: String? = nil, value: String? = nil, effect: String? = nil) {
        self.key = key
        self.value = value
        self.effect = effect
    }
}

/// What the kubelet last reported about its node.
public struct NodeStatus: Codable, Sendable, Hashable {
    public var conditions: [NodeCondition]?
    public var addresses: [NodeAddress]?

    public init(conditions: [NodeCondition]? = nil, addresses: [NodeAddress]? = nil) {
        self.conditions = conditions
        self.addresses = addresses
    }
}

/// One condition of a node, such as Ready.
public struct NodeCondition: Codable, Sendable, Hashable {
    public var type: String?
    public var status: String?
    public var reason: String?
    public var message: String?
    public var lastHeartbeatTime: Timestamp?
    public var lastTransitionTime: Timestamp?

    public init(
        type: String? = nil,
        status: String? = nil,
        reason: String? = nil,
        message: String? = nil,
        lastHeartbeatTime: Timestamp? = nil,
        lastTransitionTime: Timestamp? = nil
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastHeartbeatTime = lastHeartbeatTime
        self.lastTransitionTime = lastTransitionTime
    }
}

/// One address of a node.
public struct NodeAddress: Codable, Sendable, Hashable {
    public var type: String?
    public var address: String?

    public init(type: String? = nil, address: String? = nil) {
        self.type = type
        self.address = address
    }
}
