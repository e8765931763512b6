public import KubernetesModels

/// What is known of the image in spec.image before any member runs it.
///
/// Kept until the members' template has the image, or the spec names another one: an image is asked once.
public struct ImageStatus: Sendable, Hashable, Codable {
    /// The reference, exactly as in spec.image.
    public var image: String
    public var phase: Phase
    /// The version of its PostgreSQL, such as `17.12`, once it has said so.
    public var postgresVersion: String?
    /// Its agent answers the kubelet on a port of its own; nil while it has not said so, and of an image of before.
    public var hasProbePort: Bool?
    public var askedAt: Timestamp
    /// Why it has not answered yet.
    public var message: String?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case image, phase, postgresVersion, hasProbePort, askedAt, message
    }

    public enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
        /// It is on its way, and in time.
        case asking = "Asking"
        /// It has not answered in time; it is waited for all the same.
        case silent = "Silent"
        /// It has said its version.
        case answered = "Answered"
    }

    public init(
        image: String, phase: Phase, postgresVersion: String? = nil, hasProbePort: Bool? = nil, askedAt: Timestamp,
        message: String? = nil
    ) {
        self.image = image
        self.phase = phase
        self.postgresVersion = postgresVersion
        self.hasProbePort = hasProbePort
        self.askedAt = askedAt
        self.message = message
    }
}

extension ImageStatus: SchemaObject {
    /// Of `message`, in Unicode scalars.
    public static let maximumMessageLength = 1024

    public static let summary =
        "The image in spec.image that no member runs yet, and which PostgreSQL it was found to have."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .image: Field(.text(maxLength: 512), "The image that was asked.", required: true)
        case .phase:
            Field(.choice(Phase.allCases.map(\.rawValue)), "`Asking`, `Silent` or `Answered`.", required: true)
        case .postgresVersion: Field(.text(maxLength: 32), "Version of its PostgreSQL, such as 17.12.")
        case .hasProbePort:
            Field(.boolean, "Whether its agent answers the kubelet's probes on a port of their own.")
        case .askedAt: Field(.timestamp, "When it was first asked.", required: true)
        case .message: Field(.text(maxLength: maximumMessageLength), "Why it has not answered yet.")
        }
    }
}
