public import KubernetesModels

/// What the resource says of a request that was written into its spec, whatever it asks for.
public protocol RequestStatus: Sendable {
    /// The id of the request, when it had one.
    var id: String? { get }
    /// Hash of the request as it stood in the spec.
    var request: String { get }
    var phase: RequestPhase { get set }
    /// One word for programs.
    var reason: String { get set }
    /// A sentence for people.
    var message: String? { get set }
    /// When it ended; nil before that.
    var finishedAt: Timestamp? { get set }
}

extension RequestStatus {
    /// Of a `message`, in Unicode scalars, as the API server counts.
    public static var maximumMessageLength: Int { 1024 }
}

/// The fields that every status of a request has.
enum RequestField {
    static let id = Field(.text(maxLength: 128), "The id of the request, when it had one.")
    static let request = Field(
        .text(maxLength: 128), "Identifies the content of the request that was carried out.", required: true)
    static let phase = Field(
        .choice(RequestPhase.allCases.map(\.rawValue)), "`Requested`, `InProgress`, then `Succeeded` or `Failed`.",
        required: true)
    static let requestedAt = Field(.timestamp, "When the operator first saw the request.")
    static let finishedAt = Field(.timestamp, "When it ended.")
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
