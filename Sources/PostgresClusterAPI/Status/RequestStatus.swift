/// What the resource says of a request that was written into its spec, whatever it asks for.
public protocol RequestStatus: Sendable {
    /// The id of the request, when it had one.
    var id: String? { get }
    /// Hash of the request as it stood in the spec.
    var request: String { get }
    var phase: RequestPhase { get }
    /// One word for programs.
    var reason: String { get }
    /// A sentence for people.
    var message: String? { get }
}

extension RequestStatus {
    /// Of a `message`, in Unicode scalars, as the API server counts.
    public static var maximumMessageLength: Int { 1024 }
}

/// How far a request is.
public enum RequestPhase: String, Sendable, Hashable, Codable, CaseIterable {
    /// Seen; waits for notBefore or for a primary.
    case requested = "Requested"
    /// Handed to the agents.
    case inProgress = "InProgress"
    case succeeded = "Succeeded"
    case failed = "Failed"

    /// Whether nothing more happens.
    public var isFinal: Bool { self == .succeeded || self == .failed }
}
