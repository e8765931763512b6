/// Why a session with the local server was not had, or did not tell what it was asked.
public struct SessionFailure: Error, Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// The server starts, stops or recovers (`cannot_connect_now`).
        case cannotConnectNow
        /// The server is up but out of connections: that is not ill health.
        case tooManyConnections
        /// A session was refused because of the server itself: a file it cannot read, or what cannot be.
        case faultOfServer
        /// No session was established, for any other reason.
        case connectionFailed
        /// The deadline passed.
        case timeout
        /// The session ended, or the server refused the statement.
        case other
    }

    public let kind: Kind
    /// In PostgreSQL's words.
    public let message: String
    /// With its codes, for logs.
    public let description: String

    public init(_ kind: Kind, _ message: String, description: String? = nil) {
        self.kind = kind
        self.message = message
        self.description = description ?? message
    }

    public var isTooManyConnections: Bool { kind == .tooManyConnections }
    public var isCannotConnectNow: Bool { kind == .cannotConnectNow }
    public var isFaultOfServer: Bool { kind == .faultOfServer }
    public var isTimeout: Bool { kind == .timeout }

    /// A login was refused, not a statement.
    public var isOfLogin: Bool {
        switch kind {
        case .cannotConnectNow, .tooManyConnections, .faultOfServer, .connectionFailed: true
        case .timeout, .other: false
        }
    }
}

extension SessionFailure: CustomStringConvertible {}
