public import ClusterRecords
import KubernetesModels

/// One thing wrong with a spec: where, what was found, and the rule.
public struct SpecProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// Its path is as kubectl shows paths: `spec.highAvailability.ttl`, `spec.postgresql.pgHBA[2]`.
    public let problem: Problem
    /// Who can find it.
    public let source: Source

    /// Who can find a problem.
    public enum Source: Sendable, Hashable {
        /// Every API server: a bound or form of the schema.
        case schema
        /// API servers that evaluate CEL: a ``Rule``.
        case rule
        /// The operator alone.
        case knowledge(Knowledge)
    }

    /// What the operator knows and a schema cannot say.
    public enum Knowledge: String, Sendable, Hashable, CaseIterable {
        /// PostgreSQL's parameters, `pg_hba.conf` and `pg_ident.conf`.
        case postgresSettings
        /// Amounts: text in the schema, because API servers before 1.29 cannot reckon with them.
        case amounts
        /// Names that must be the cluster's own members, or must not be something of its own.
        case names
        /// Values in different sections that do not go together.
        case relations
        /// What the objects of a cluster were made with.
        case history
    }

    public init(path: String, value: String?, message: String, source: Source = .knowledge(.relations)) {
        self.init(Problem(path: path, value: value, rule: message, refuser: source.refuser), source: source)
    }

    init(_ problem: Problem, source: Source) {
        self.problem = problem
        self.source = source
    }

    public var path: String { problem.path }
    /// The value found, shortened; nil when it is absent.
    public var value: String? { problem.value }
    public var message: String { problem.rule }
    public var description: String { problem.description }
}

extension SpecProblem.Source {
    fileprivate var refuser: Problem.Refuser {
        switch self {
        case .schema, .rule: .schema
        case .knowledge: .operator
        }
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
            self.init(
                path: Self.path(context.codingPath + [key]), value: nil, message: "is required", source: .schema)
        case DecodingError.dataCorrupted(let context):
            self.init(
                at: context.codingPath, in: spec, message: Self.text(context.debugDescription),
                source: Self.isOutOfRange(context, in: spec) ? .knowledge(.amounts) : .schema)
        default:
            self.init(path: "spec", value: nil, message: "cannot be read: \(error)", source: .schema)
        }
    }

    private init(
        at codingPath: [any CodingKey], in spec: JSONValue, message: String, source: Source = .schema
    ) {
        self.init(
            path: Self.path(codingPath), value: Self.value(at: codingPath, in: spec)?.serialized(), message: message,
            source: source)
    }

    private static func value(at codingPath: [any CodingKey], in spec: JSONValue) -> JSONValue? {
        codingPath.reduce(spec as JSONValue?) { value, key in
            key.intValue.map { value?[$0] } ?? value?[key.stringValue]
        }
    }

    /// Whether it is an amount as the schema asks for, but one that 64 bits of thousandths do not hold.
    private static func isOutOfRange(_ context: DecodingError.Context, in spec: JSONValue) -> Bool {
        guard context.debugDescription.contains("is not a quantity"),
            let value = value(at: context.codingPath, in: spec)
        else { return false }
        return Shape.isQuantityForm(value.stringValue ?? value.serialized())
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
