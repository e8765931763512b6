import KubernetesModels

/// The Services clients connect to.
public struct ServiceSpec: Sendable, Hashable, Codable {
    public var type: ServiceType
    public var annotations: [String: String]?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case type, annotations
    }

    public enum ServiceType: String, Sendable, Hashable, Codable, CaseIterable {
        case clusterIP = "ClusterIP"
        case nodePort = "NodePort"
        case loadBalancer = "LoadBalancer"
    }
}

extension ServiceSpec: SchemaObject {
    public static let summary = "The Services clients connect to: the read-write one and the one of the replicas."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .type: Field(.choice(ServiceType.allCases.map(\.rawValue)), "Type of both Services.", default: "ClusterIP")
        case .annotations:
            Field(.map(of: .text(maxLength: 4096), maximumCount: 64), "Annotations of both Services.")
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
