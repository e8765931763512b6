/// What can go wrong in the agent itself.
public struct AgentError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// The environment or a file does not say what the agent has to know.
        case configuration
        /// PostgreSQL's programs are not where they were looked for.
        case binariesMissing
        /// An action did not come to its end; the next cycle looks at what is there and decides anew.
        case actionFailed
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
