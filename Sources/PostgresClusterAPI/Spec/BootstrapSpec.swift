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

/// A new, empty cluster.
public struct InitDBSpec: Sendable, Hashable, Codable {
    public var dataChecksums: Bool
    public var encoding: String
    public var locale: String

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case dataChecksums, encoding, locale
    }
}

extension InitDBSpec: SchemaObject {
    public static let summary = "Options of initdb for a new, empty cluster."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .dataChecksums:
            Field(.boolean, "Checksums on data pages: finds silent damage, and rewinding needs them.", default: true)
        case .encoding:
            Field(.text(pattern: "^[A-Za-z0-9_-]+$", maxLength: 32), "Encoding of the databases.", default: "UTF8")
        case .locale:
            Field(
                .text(pattern: "^[A-Za-z0-9_.@-]+$", maxLength: 64),
                "Locale of the databases; the image must have it.", default: "C.UTF-8")
        }
    }
}
