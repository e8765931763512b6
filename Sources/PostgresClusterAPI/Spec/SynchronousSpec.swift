import KubernetesModels

/// Synchronous replication.
public struct SynchronousSpec: Sendable, Hashable, Codable {
    public var mode: Mode
    public var standbys: Int
    public var strict: Bool

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case mode, standbys, strict
    }

    public enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
        case off
        case on
        case quorum
    }
}

extension SynchronousSpec: SchemaObject {
    public static let summary = "Whether a commit waits until replicas have it."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .mode:
            Field(
                .choice(Mode.allCases.map(\.rawValue)),
                "`off`: commits do not wait. `on`: they wait for chosen standbys. `quorum`: they wait for any "
                    + "`standbys` of the replicas. Quote it: bare off and on are booleans in YAML.",
                default: "off")
        case .standbys:
            Field(
                .integer(minimum: 1, maximum: PostgresClusterSpec.maximumInstances - 1),
                "How many replicas must have a commit. Smaller than instances.", default: 1)
        case .strict:
            Field(
                .boolean,
                "With true commits wait for ever when no standby is left; with false they go on unprotected.",
                default: false)
        }
    }
}
