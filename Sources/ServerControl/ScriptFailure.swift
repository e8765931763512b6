/// A statement that was to run in a new cluster did not, so the cluster was not made.
public struct ScriptFailure: Error, Hashable, Sendable {
    /// `bootstrap.initdb.postInitSQL[0]`.
    public let field: String
    /// What stands there in the line that is wrong; nil: unknown, or not to be shown.
    public let line: String?
    /// What is wrong, as far as it may be shown, with PostgreSQL's words.
    public let reason: String
    /// Whether PostgreSQL has refused it; otherwise it could not be asked.
    public let isPostgreSQLs: Bool

    public init(field: String, line: String?, reason: String, isPostgreSQLs: Bool) {
        self.field = field
        self.line = line
        self.reason = reason
        self.isPostgreSQLs = isPostgreSQLs
    }
}

extension ScriptFailure: CustomStringConvertible {
    public var description: String { "\(field): " + (line.map { "\"\($0)\" " } ?? "") + reason }
}
