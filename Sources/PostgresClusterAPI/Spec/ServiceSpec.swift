import KubernetesModels

/// The Services clients connect to.
public struct ServiceSpec: Sendable, Hashable, Codable {
    public var type: ServiceType
    public var annotations: [String: String]?
    public var ipFamilyPolicy: IPFamilyPolicy?
    public var ipFamilies: [IPFamily]?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case type, annotations, ipFamilyPolicy, ipFamilies
    }

    public enum IPFamilyPolicy: String, Sendable, Hashable, Codable, CaseIterable {
        case singleStack = "SingleStack"
        case preferDualStack = "PreferDualStack"
        case requireDualStack = "RequireDualStack"
    }

    public enum IPFamily: String, Sendable, Hashable, Codable, CaseIterable {
        case ipv4 = "IPv4"
        case ipv6 = "IPv6"
    }

    public enum ServiceType: String, Sendable, Hashable, Codable, CaseIterable {
        case clusterIP = "ClusterIP"
        case nodePort = "NodePort"
        case loadBalancer = "LoadBalancer"
    }
}

extension ServiceSpec: SchemaObject {
    public static let summary = "The Services clients connect to: the read-write one and the one of the replicas."

    public static let rules = [
        Rule(.not(.repeats("ipFamilies")), message: "ipFamilies must name each family once", at: "ipFamilies"),
        Rule(
            .any([.not(.hasAtLeast("ipFamilies", 2)), .differs("ipFamilyPolicy", "SingleStack")]),
            message: "two ipFamilies need ipFamilyPolicy PreferDualStack or RequireDualStack", at: "ipFamilies"),
        Rule(
            .keepsFirst("ipFamilies"),
            message: "the first of ipFamilies cannot change: a Service keeps the family it was made with",
            at: "ipFamilies"),
    ]

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .type: Field(.choice(ServiceType.allCases.map(\.rawValue)), "Type of both Services.", default: "ClusterIP")
        case .annotations:
            Field(.map(of: .text(maxLength: 4096), maximumCount: 64), "Annotations of both Services.")
        case .ipFamilyPolicy:
            Field(
                .choice(IPFamilyPolicy.allCases.map(\.rawValue)),
                "Whether both Services have an address of one family or of both, as in a Service's spec. Absent: Kubernetes "
                    + "decides, which is one family.")
        case .ipFamilies:
            Field(
                .list(of: .choice(IPFamily.allCases.map(\.rawValue)), maximumCount: 2),
                "Families of the addresses of both Services, the first one first, as in a Service's spec. Absent: the "
                    + "Kubernetes cluster's first. The first one cannot change; a second one can come and go with "
                    + "ipFamilyPolicy.")
        }
    }
}

/// Labels and annotations added to the Pods.
public struct PodMetadata: Sendable, Hashable, Codable {
    public var labels: [String: String]?
    public var annotations: [String: String]?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case labels, annotations
    }
}

extension PodMetadata: SchemaObject {
    public static let summary = "Labels and annotations added to the Pods. Names the operator uses are refused."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .labels: Field(.map(of: .text(maxLength: 63), maximumCount: 64), "Labels added to the Pods.")
        case .annotations:
            Field(.map(of: .text(maxLength: 4096), maximumCount: 64), "Annotations added to the Pods.")
        }
    }
}
