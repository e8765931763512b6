import KubernetesModels

/// One thing wrong with a spec: where, what was found, and the rule.
public struct SpecProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// As kubectl shows paths: `spec.highAvailability.ttl`, `spec.postgresql.pgHBA[2]`.
    public let path: String
    /// The value found, shortened; nil when it is absent.
    public let value: String?
    public let message: String

    public init(path: String, value: String?, message: String) {
        self.path = path
        self.value = value.map { $0.count > 120 ? String($0.prefix(119)) + "…" : $0 }
        self.message = message
    }

    public var description: String {
        value.map { "\(path): \($0): \(message)" } ?? "\(path): \(message)"
    }
}

extension SpecProblem {
    /// The problem behind a failed decoding of `spec`.
    init(decodingError error: any Error, in spec: JSONValue) {
        switch error {
        case DecodingError.typeMismatch(let type, let context):
            self.init(
                at: context.codingPath, in: spec, message: "must be \(Self.article(for: type)), see kubectl explain")
        case DecodingError.valueNotFound(_, let context):
            self.init(at: context.codingPath, in: spec, message: "must not be null")
        case DecodingError.keyNotFound(let key, let context):
            self.init(path: Self.path(context.codingPath + [key]), value: nil, message: "is required")
        case DecodingError.dataCorrupted(let context):
            self.init(at: context.codingPath, in: spec, message: Self.text(context.debugDescription))
        default:
            self.init(path: "spec", value: nil, message: "cannot be read: \(error)")
        }
    }

    private init(at codingPath: [any CodingKey], in spec: JSONValue, message: String) {
        var value: JSONValue? = spec
        for key in codingPath {
            value = key.intValue.map { value?[$0] } ?? value?[key.stringValue]
        }
        self.init(path: Self.path(codingPath), value: value?.serialized(), message: message)
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce("spec") { path, key in
            key.intValue.map { "\(path)[\($0)]" } ?? "\(path).\(key.stringValue)"
        }
    }

    private static func article(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "text (put numbers and booleans in quotes)"
        case is Bool.Type: "true or false"
        case is Int.Type, is Int64.Type: "a whole number"
        case is Quantity.Type: "a quantity such as 10Gi"
        case is Timestamp.Type: "a time such as 2026-01-31T22:00:00Z"
        default: String(describing: type).hasPrefix("Array") ? "a list" : "an object"
        }
    }

    /// Swift's own words for a raw value that is not a case name a type; readers of a condition know no types.
    private static func text(_ debugDescription: String) -> String {
        debugDescription.hasPrefix("Cannot initialize") ? "is not one of the allowed words" : debugDescription
    }
}
