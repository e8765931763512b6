/// Why no (complete) response was received.
public struct HTTPTransportError: Error, Sendable, Hashable {
    public enum Code: String, Sendable, Hashable {
        /// The request cannot be expressed, for instance a header with a line break.
        case invalidRequest
        case resolveFailed
        case connectFailed
        case tlsFailed
        /// The total deadline passed.
        case timeout
        /// The stream stayed silent longer than its idle timeout.
        case idleTimeout
        case connectionLost
        case invalidResponse
        case responseTooLarge
        case cancelled
        /// The transport was shut down.
        case shutdown
    }

    public var code: Code
    /// Whether the server may have seen the request. When `false` nothing was sent and repeating is safe; when `true`
    /// the outcome of a write is unknown.
    public var mayHaveBeenSent: Bool
    /// For people; holds no header, body or credential.
    public var message: String

    public init(code: Code, mayHaveBeenSent: Bool, message: String) {
        self.code = code
        self.mayHaveBeenSent = mayHaveBeenSent
        self.message = message
    }
}

extension HTTPTransportError: CustomStringConvertible {
    public var description: String { "\(code.rawValue): \(message)" }
}
