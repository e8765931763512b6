/// Why something asked of a PostgreSQL server was not done.
///
/// Texts never contain passwords, parameters of a statement or the statement itself.
public struct PostgresError: Error, Hashable, Sendable {
    /// Bounded, safe as a metric label.
    public enum Code: String, Hashable, Sendable {
        /// No session was established.
        case connectionFailed = "connection_failed"
        /// The session ended while something was under way; whether it took effect is unknown.
        case connectionLost = "connection_lost"
        /// The deadline passed; whether it took effect is unknown. The session is closed.
        case timeout
        /// The calling task was cancelled; whether it took effect is unknown. The session is closed.
        case cancelled
        /// The server refused; see ``PostgresError/sqlState``. Nothing took effect.
        case server
        /// An answer that makes no sense here.
        case unexpectedAnswer = "unexpected_answer"
    }

    public let code: Code
    public let message: String
    /// The server's five-character code, also for refused connections.
    public let sqlState: String?

    public init(_ code: Code, _ message: String, sqlState: String? = nil) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
    }

    /// The typed error behind one that passed through an untyped `rethrows`.
    init(restoring error: any Error) {
        self = error as? PostgresError ?? PostgresError(.unexpectedAnswer, "\(error)")
    }

    /// The server is up but out of connections: that is not ill health.
    public var isTooManyConnections: Bool { sqlState == "53300" }
    /// The server is up but starts, stops or recovers (`cannot_connect_now`).
    public var isCannotConnectNow: Bool { sqlState == "57P03" }
    /// The database is gone, renamed or closed: another one may let the same role in.
    public var isDatabaseRefused: Bool { ["3D000", "55000"].contains(sqlState) && code == .connectionFailed }
    /// The server gave a statement up: it waited too long for a lock, or took too long.
    public var isGivenUpByServer: Bool { ["55P03", "57014"].contains(sqlState) }
    /// A session was refused because of the server itself: a file it cannot read, or what cannot be (classes 58, XX and F0).
    public var isFaultOfServer: Bool {
        guard code == .connectionFailed, let sqlState else { return false }
        return ["58", "XX", "F0"].contains { sqlState.hasPrefix($0) } || sqlState == "42501"
    }
    /// The server answered, whatever it said.
    public var isAnswerFromServer: Bool { sqlState != nil }
    /// Whether the request took effect is not known.
    public var isOutcomeUnknown: Bool {
        switch code {
        case .connectionLost, .timeout, .cancelled, .unexpectedAnswer: true
        case .connectionFailed, .server: false
        }
    }
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        sqlState.map { "\(code.rawValue) \($0): \(message)" } ?? "\(code.rawValue): \(message)"
    }
}
