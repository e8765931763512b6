/// What the kubelet last reported about a Pod.
public struct PodStatus: Codable, Sendable, Hashable {
    /// Pending, Running, Succeeded, Failed or Unknown.
    public var phase: String?
    public var reason: String?
    public var message: String?
    public var hostIP: String?
    public var podIP: String?
    public var podIPs: [PodIP]?
    public var startTime: Timestamp?
    public var conditions: [PodCondition]?
    public var initContainerStatuses: [ContainerStatus]?
    public var containerStatuses: [ContainerStatus]?

    public init(
        phase: String? = nil,
        reason: String? = nil,
        message: String? = nil,
        hostIP: String? = nil,
        podIP: String? = nil,
        podIPs: [PodIP]? = nil,
        startTime: Timestamp? = nil,
        conditions: [PodCondition]? = nil,
        initContainerStatuses: [ContainerStatus]? = nil,
        containerStatuses: [ContainerStatus]? = nil
    ) {
        self.phase = phase
        self.reason = reason
        self.message = message
        self.hostIP = hostIP
        self.podIP = podIP
        self.podIPs = podIPs
        self.startTime = startTime
        self.conditions = conditions
        self.initContainerStatuses = initContainerStatuses
        self.containerStatuses = containerStatuses
    }
}

/// One address of a Pod.
public struct PodIP: Codable, Sendable, Hashable {
    public var ip: String?

    public init(ip: String? = nil) {
        self.ip = ip
    }
}

/// One condition of a Pod, such as Ready.
public struct PodCondition: Codable, Sendable, Hashable {
    public var type: String?
    public var status: String?
    public var reason: String?
    public var message: String?
    public var lastTransitionTime: Timestamp?

    public init(
        type: String? = nil,
        status: String? = nil,
        reason: String? = nil,
        message: String? = nil,
        lastTransitionTime: Timestamp? = nil
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
    }
}
