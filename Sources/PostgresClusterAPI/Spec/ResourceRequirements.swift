import KubernetesModels

/// CPU and memory of each member.
public struct ResourceRequirements: Sendable, Hashable, Codable {
    public var requests: [String: Quantity]?
    public var limits: [String: Quantity]?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case requests, limits
    }
}

extension ResourceRequirements: SchemaObject {
    public static let summary = """
        CPU and memory of each member. Equal requests and limits give the Guaranteed class, the last to be evicted.
        """

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .requests:
            Field(.map(of: .quantity, maximumCount: 16), "What the scheduler reserves, for example `memory: 1Gi`.")
        case .limits:
            Field(.map(of: .quantity, maximumCount: 16), "What a member may use at most.")
        }
    }
}
