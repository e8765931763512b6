/// What is wrong with the settings of a server, or with its configuration files.
public struct ConfigurationFileError: Hashable, Sendable, CustomStringConvertible {
    /// The parameter it is about; nil for a line that is none.
    public let parameter: String?
    public let file: String?
    /// The user's line it is about; nil for anything else.
    public let line: UserLine?
    /// PostgreSQL's words, or the agent's.
    public let message: String
    /// The agent says so; PostgreSQL was not asked.
    public let isAgents: Bool

    /// A line that the user wrote, by its place among those, from 0.
    public enum UserLine: Hashable, Sendable {
        case hostBasedAuthentication(Int)
        case userNameMap(Int)

        /// As the stored configuration has it: `pg_hba[2]`.
        public var key: String {
            switch self {
            case .hostBasedAuthentication(let index): "pg_hba[\(index)]"
            case .userNameMap(let index): "pg_ident[\(index)]"
            }
        }
    }

    public init(
        parameter: String?, file: String?, line: UserLine? = nil, message: String, isAgents: Bool = false
    ) {
        self.parameter = parameter
        self.file = file
        self.line = line
        self.message = message
        self.isAgents = isAgents
    }

    /// It is about what `ALTER SYSTEM` has set, not about the cluster's settings.
    public var isOfAutomaticConfiguration: Bool { file?.hasSuffix("postgresql.auto.conf") ?? false }

    /// The parameter, the user's line, or else the file; nil when it is about none of them.
    public var place: String? { parameter ?? line?.key ?? file }
    public var description: String { place.map { "\($0): \(message)" } ?? message }
}
