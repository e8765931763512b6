/// One thing that is wrong with what somebody wrote: where, what was found, the rule, and who refused it.
public struct Problem: Error, Hashable, Sendable {
    /// Where it stands, in the words of whoever wrote it, such as `spec.postgresql.parameters.work_mem`.
    public var path: String
    /// The value found, at most ``maximumValueLength`` of it; nil when there is none.
    public var value: String?
    /// What is wrong with it, or what would be right, as the end of a sentence.
    public var rule: String
    public var refuser: Refuser

    /// Who found it, and does not use it.
    public enum Refuser: String, Hashable, Sendable, CaseIterable {
        /// An API server, by the schema and its rules.
        case schema
        case `operator`
        case agent
        case postgresql

        /// For people, as the end of "refused by".
        public var name: String {
            switch self {
            case .schema: "the API server"
            case .operator: "the operator"
            case .agent: "the agent"
            case .postgresql: "PostgreSQL"
            }
        }
    }

    /// How much of a value is told, in Unicode scalars.
    static let maximumValueLength = 120

    /// - Parameter value: is cut to ``maximumValueLength``.
    public init(path: String, value: String?, rule: String, refuser: Refuser) {
        self.path = path
        self.value = value.map { bounded($0, to: Self.maximumValueLength) }
        self.rule = rule
        self.refuser = refuser
    }
}

extension Problem: CustomStringConvertible {
    public var description: String { value.map { "\(path): \($0): \(rule)" } ?? "\(path): \(rule)" }
}
