/// Why a call to the API server failed, and what is known about the state of the world.
public struct KubernetesError: Error, Sendable {
    /// Bounded, for metric labels.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The cluster configuration cannot be used. Nothing was sent.
        case invalidConfiguration
        /// No credential could be had. Nothing was sent.
        case credentialUnavailable
        /// The request cannot be expressed. Nothing was sent.
        case invalidRequest
        /// No connection to the server. Nothing was sent.
        case unreachable
        /// The total deadline passed.
        case timeout
        /// The connection ended before the whole answer was here.
        case connectionLost
        /// The answer is not what the API promises.
        case invalidResponse
        /// The task was cancelled, or the client shut down.
        case cancelled
        case badRequest
        case unauthorized
        case forbidden
        case notFound
        case alreadyExists
        case conflict
        case gone
        /// The server refuses the object (422).
        case invalidObject
        case tooManyRequests
        case serverError
        /// Any other status the server refuses with.
        case refused
    }

    public var code: Code
    /// HTTP status, when the server answered.
    public var status: Int?
    /// The server's own reason, such as `AlreadyExists`; empty when it gave none.
    public var reason: String
    /// For people. Holds no credential and no object.
    public var message: String
    /// What the server asks to wait before a repeat.
    public var retryAfter: Duration?
    /// Whether a write may have landed although this error says it failed. Settle it by reading.
    public var isOutcomeUnknown: Bool

    public init(
        code: Code, status: Int? = nil, reason: String = "", message: String, retryAfter: Duration? = nil,
        isOutcomeUnknown: Bool = false
    ) {
        self.code = code
        self.status = status
        self.reason = reason
        self.message = message
        self.retryAfter = retryAfter
        self.isOutcomeUnknown = isOutcomeUnknown
    }
}

extension KubernetesError {
    /// The object changed since it was read, or another manager owns a field. Not `AlreadyExists`.
    public var isConflict: Bool { code == .conflict }
    public var isAlreadyExists: Bool { code == .alreadyExists }
    public var isNotFound: Bool { code == .notFound }
    /// The resourceVersion or continue token is too old: list again.
    public var isGone: Bool { code == .gone }
    public var isForbidden: Bool { code == .forbidden }
    public var isUnauthorized: Bool { code == .unauthorized }
    public var isCancelled: Bool { code == .cancelled }
    /// Nothing reached the server's storage.
    public var isKnownNotApplied: Bool { !isOutcomeUnknown }

    /// Whether the same call may succeed later without anything being changed. Says nothing about whether it is safe:
    /// see ``isOutcomeUnknown``.
    public var isRetryable: Bool {
        switch code {
        case .unreachable, .timeout, .connectionLost, .tooManyRequests, .serverError, .credentialUnavailable: true
        case .invalidConfiguration, .invalidRequest, .invalidResponse, .cancelled, .badRequest, .unauthorized,
            .forbidden, .notFound, .alreadyExists, .conflict, .gone, .invalidObject, .refused:
            false
        }
    }
}

extension KubernetesError: CustomStringConvertible {
    public var description: String {
        var text = code.rawValue
        if let status { text += " (\(status)\(reason.isEmpty ? "" : " \(reason)"))" }
        text += ": \(message)"
        if isOutcomeUnknown { text += " (the outcome is unknown)" }
        return text
    }
}
