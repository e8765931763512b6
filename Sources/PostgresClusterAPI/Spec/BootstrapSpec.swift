import KubernetesModels

/// How the cluster's data came to be.
public struct BootstrapSpec: Sendable, Hashable, Codable {
    public var initdb: InitDBSpec

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case initdb
    }
}

extension BootstrapSpec: SchemaObject {
    public static let summary = "How the first member makes the cluster's data. Cannot change afterwards."

    public static let isImmutable = Rule(
        .isUnchanged, message: "bootstrap describes how the cluster was made and cannot change")

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .initdb: Field(.object(InitDBSpec.self), InitDBSpec.summary, default: [:])
        }
    }
}
