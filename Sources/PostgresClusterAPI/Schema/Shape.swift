/// The form of a value in the resource.
public indirect enum Shape: Sendable {
    /// Text of bounded length in characters; `pattern` is an ECMA-262 regular expression, and `meaning` says to people what
    /// matches it: "the name of a ConfigMap".
    case text(pattern: String? = nil, maxLength: Int, meaning: String? = nil)
    /// One of a fixed set of words.
    case choice([String])
    /// A whole number with its bounds, inclusive; the largest `Int64` means no upper bound.
    case integer(minimum: Int64, maximum: Int64)
    case boolean
    /// An amount with an optional unit (`10Gi`, `500m`, `1048576`), written as text or number.
    case quantity
    /// An instant in RFC 3339 form.
    case timestamp
    /// Free keys, values of one shape.
    case map(of: Shape, maximumCount: Int)
    /// A list; `key` names the property that identifies an element, nil makes the list atomic.
    case list(of: Shape, key: String? = nil, maximumCount: Int)
    case object(any SchemaObject.Type)
    /// Handed to Kubernetes as it is; the API server there checks it.
    case passthrough(Passthrough)

    /// What a passthrough value is at its top.
    public enum Passthrough: String, Sendable {
        case object
        case array
    }

    /// Elements of a passthrough list.
    static let maximumPassthroughCount = 64
}

/// A Swift type that is an object of the resource's schema.
///
/// `field(_:)` is an exhaustive switch over the coding keys, so a property without a description does not compile.
public protocol SchemaObject: Codable, Hashable, Sendable {
    associatedtype Key: CodingKey & CaseIterable

    /// What the object is, for readers of the reference page.
    static var summary: String { get }
    /// Rules over several properties of the object.
    static var rules: [Rule] { get }
    /// The property behind a coding key.
    static func field(_ key: Key) -> Field
}

extension SchemaObject {
    public static var rules: [Rule] { [] }

    /// Every property in the order of declaration.
    public static var fields: [(name: String, field: Field)] {
        Key.allCases.map { ($0.stringValue, field($0)) }
    }
}
