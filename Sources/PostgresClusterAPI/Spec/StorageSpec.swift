import KubernetesModels

/// The volume of each member.
public struct StorageSpec: Sendable, Hashable, Codable {
    public var size: Quantity
    public var storageClassName: String?

    public init(size: Quantity, storageClassName: String? = nil) {
        self.size = size
        self.storageClassName = storageClassName
    }

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case size, storageClassName
    }
}

extension StorageSpec: SchemaObject {
    public static let summary = "The volume of each member. Volumes outlive members and the cluster."

    /// A StatefulSet's claim templates are fixed.
    public static let keepsStorageClass = Rule(
        .keeps("storageClassName"), message: "storageClassName cannot change: existing volumes stay where they are")

    public static let rules = [keepsStorageClass]

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .size:
            Field(
                .quantity,
                "Size of each volume, for example 10Gi, at least 64Mi. Cannot change yet.", required: true)
        case .storageClassName:
            Field(
                .text(maxLength: 253),
                "StorageClass of the volumes; absent means the default class of the Kubernetes cluster. Cannot change.")
        }
    }
}
