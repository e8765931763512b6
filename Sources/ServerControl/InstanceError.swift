/// Why something was not done to the local server.
public struct InstanceError: Error, Sendable {
    /// Bounded, safe as a metric label.
    public enum Code: String, Hashable, Sendable {
        /// A PostgreSQL program is not installed where it was looked for.
        case binaryMissing = "binary_missing"
        /// A password file cannot be read or is empty.
        case credentials
        /// A file or directory could not be read or written.
        case file
        /// A program ended with an error.
        case toolFailed = "tool_failed"
        /// The deadline passed; what was started has been ended.
        case timeout
        /// No server runs on the data directory.
        case notRunning = "not_running"
        /// A server runs on the data directory.
        case alreadyRunning = "already_running"
        /// Refused because it could lose data or run two histories on one timeline.
        case refused
        /// Processes of the data directory survived SIGKILL until the deadline.
        case processesRemain = "processes_remain"
        /// The other server lets no more standbys or copies in for now; nothing was begun.
        case sourceIsFull = "source_is_full"
        /// The other server has another system identifier.
        case foreignCluster = "foreign_cluster"
        /// Data and programs, or two servers, are of different major versions.
        case versionMismatch = "version_mismatch"
    }

    public let code: Code
    public let message: String
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension InstanceError: CustomStringConvertible {
    public var description: String {
        cause.map { "\(code.rawValue): \(message): \($0)" } ?? "\(code.rawValue): \(message)"
    }
}
