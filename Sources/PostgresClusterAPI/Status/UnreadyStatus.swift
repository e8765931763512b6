public import KubernetesModels

/// One member that is wanted and not ready.
public struct UnreadyStatus: Sendable, Hashable, Codable {
    public var name: String
    public var since: Timestamp
    public var message: String

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name, since, message
    }

    public init(name: String, since: Timestamp, message: String) {
        self.name = name
        self.since = since
        self.message = message
    }
}

extension UnreadyStatus: SchemaObject {
    /// Of `message`, in Unicode scalars.
    public static let maximumMessageLength = 1024

    public static let summary = "One member that is wanted and not ready; it need not have a Pod."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .name: Field(.text(maxLength: 253), "Name of the member and its Pod.", required: true)
        case .since:
            Field(.timestamp, "Since when it has not been ready, by the operator's clock.", required: true)
        case .message:
            Field(
                .text(maxLength: maximumMessageLength),
                "What keeps it, in the words of the scheduler, the kubelet or its agent.", required: true)
        }
    }
}
