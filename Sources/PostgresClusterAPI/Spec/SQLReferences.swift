/// Where statements for a new cluster are.
public struct SQLReferences: Sendable, Hashable, Codable {
    public var configMapRefs: [SQLReference]

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case configMapRefs
    }
}

extension SQLReferences: SchemaObject {
    public static let summary = "Keys of ConfigMaps of this namespace whose values are statements."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .configMapRefs:
            Field(
                .list(of: .object(SQLReference.self), maximumCount: 20),
                "Keys of ConfigMaps, each run in a session of its own, in this order.", required: true)
        }
    }
}

/// A key of a ConfigMap.
public struct SQLReference: Sendable, Hashable, Codable {
    public var name: String
    public var key: String

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name, key
    }
}

extension SQLReference: SchemaObject {
    public static let summary =
        "A key whose value is statements. It is mounted into every Pod, and waited for as long as there is no cluster yet."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .name:
            Field(
                .text(pattern: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", maxLength: 253, meaning: "the name of a ConfigMap"),
                "Name of the ConfigMap.", required: true)
        case .key:
            Field(
                .text(
                    pattern: "^[A-Za-z0-9_-][-._A-Za-z0-9]*$", maxLength: 253,
                    meaning: "letters, digits, -, _ and ., not beginning with a full stop"),
                "Its key.", required: true)
        }
    }
}
