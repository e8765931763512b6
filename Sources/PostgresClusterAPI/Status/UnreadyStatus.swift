public import KubernetesModels

/// One member that is wanted and not ready.
public struct UnreadyStatus: Sendable, Hashable, Codable {
    public var name: String
    public var since: Timestamp
    /// nil in a status that an operator without it has written; so is ``reasonSince``.
    public var reason: UnreadyReason?
    public var reasonSince: Timestamp?
    public var message: String

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name, since, reason, reasonSince, message
    }

    public init(
        name: String, since: Timestamp, reason: UnreadyReason? = nil, reasonSince: Timestamp? = nil, message: String
    ) {
        self.name = name
        self.since = since
        self.reason = reason
        self.reasonSince = reasonSince
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
        case .reason:
            Field(
                .choice(UnreadyReason.allCases.map(\.rawValue)),
                "What it is waited for: that somebody removes an obstacle, that its Pod is made, that its Pod is gone, a first word of "
                    + "its agent, that its agent has done what it does; nothing, when it is down.")
        case .reasonSince:
            Field(
                .timestamp,
                "Since when it is waited for that, by the operator's clock. How long that is no fault is measured from here."
            )
        case .message:
            Field(
                .text(maxLength: maximumMessageLength),
                "What keeps it, in the words of the scheduler, the kubelet or its agent.", required: true)
        }
    }
}
