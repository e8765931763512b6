import FoundationEssentials

/// A Secret.
public struct Secret: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "", version: "v1", kind: "Secret", plural: "secrets", isNamespaced: true)

    public var metadata: ObjectMeta
    /// Values in base64; see ``decodedValue(_:)``.
    public var data: [String: String]?
    /// Write-only plain values; the server moves them into `data`.
    public var stringData: [String: String]?
    public var type: String?
    public var immutable: Bool?

    public init(
        metadata: ObjectMeta,
        data: [String: String]? = nil,
        stringData: [String: String]? = nil,
        type: String? = nil,
        immutable: Bool? = nil
    ) {
        self.metadata = metadata
        self.data = data
        self.stringData = stringData
        self.type = type
        self.immutable = immutable
    }
}

extension Secret {
    /// The plain bytes behind a key; `nil` when absent or not base64.
    public func decodedValue(_ key: String) -> [UInt8]? {
        data?[key].flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) }
    }

    /// The plain text behind a key; `nil` when absent, not base64 or not UTF-8.
    public func decodedString(_ key: String) -> String? {
        decodedValue(key).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The base64 that ``data`` holds for a plain text.
    public static func encoded(_ plain: String) -> String { Data(plain.utf8).base64EncodedString() }
}

extension Secret: CustomStringConvertible, CustomReflectable {
    /// Names the object, never its values.
    public var description: String { "Secret(\(metadata.name ?? "?"), \(data?.count ?? 0) keys)" }
    public var customMirror: Mirror { Mirror(self, children: ["metadata": metadata]) }
}
