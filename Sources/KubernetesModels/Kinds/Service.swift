/// A Service.
public struct Service: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "", version: "v1", kind: "Service", plural: "services", isNamespaced: true)

    public var metadata: ObjectMeta
    public var spec: ServiceSpec?
    public var status: JSONValue?

    public init(metadata: ObjectMeta, spec: ServiceSpec? = nil, status: JSONValue? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// The routing of a Service.
public struct ServiceSpec: Codable, Sendable, Hashable {
    public var type: String?
    public var clusterIP: String?
    public var clusterIPs: [String]?
    public var selector: [String: String]?
    public var ports: [ServicePort]?
    public var publishNotReadyAddresses: Bool?
    public var sessionAffinity: String?

    public init(
        type: String? = nil,
        clusterIP: String? = nil,
        clusterIPs: [String]? = nil,
        selector: [String: String]? = nil,
        ports: [ServicePort]? = nil,
        publishNotReadyAddresses: Bool? = nil,
        sessionAffinity: String? = nil
    ) {
        self.type = type
        self.clusterIP = clusterIP
        self.clusterIPs = clusterIPs
        self.selector = selector
        self.ports = ports
        self.publishNotReadyAddresses = publishNotReadyAddresses
        self.sessionAffinity = sessionAffinity
    }
}

/// One port of a Service.
public struct ServicePort: Codable, Sendable, Hashable {
    public var name: String?
    public var `protocol`: String?
    public var port: Int?
    public var targetPort: IntOrString?
    public var nodePort: Int?

    public init(
        name: String? = nil,
        `protocol`: String? = nil,
        port: Int? = nil,
        targetPort: IntOrString? = nil,
        nodePort: Int? = nil
    ) {
        self.name = name
        self.protocol = `protocol`
        self.port = port
        self.targetPort = targetPort
        self.nodePort = nodePort
    }
}
