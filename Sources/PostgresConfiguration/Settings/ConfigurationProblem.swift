/// One reason why a configuration is refused, in words a user can act on.
public struct ConfigurationProblem: Error, Hashable, Sendable {
    /// Where the value stands, relative to the PostgreSQL section: `parameters.wal_level`, `pg_hba[2]`.
    public let field: String
    /// The value as it was given, without what may be a password: it goes into logs, into the resource and to everybody who reads it.
    public let value: String
    /// What is wrong and what would be right.
    public let rule: String

    public init(field: String, value: String, rule: String) {
        self.field = field
        self.value = field.hasPrefix("pg_hba") ? Secrecy.shown(line: value) : Secrecy.shown(value, of: field)
        self.rule = rule
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    public var description: String { "\(field): \"\(value)\" \(rule)" }
}

/// Everything that is wrong with a configuration; nothing of it is applied.
public struct InvalidSettings: Error, Hashable, Sendable, CustomStringConvertible {
    public let problems: [ConfigurationProblem]

    public init(problems: [ConfigurationProblem]) {
        self.problems = problems
    }

    public var description: String { problems.map(\.description).joined(separator: "; ") }
}
