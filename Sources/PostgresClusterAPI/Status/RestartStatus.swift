public import KubernetesModels

/// How far a restart is, and what became of it.
public struct RestartStatus: RequestStatus, Hashable, Codable {
    public var id: String?
    public var request: String
    public var phase: RequestPhase
    public var members: [Member]?
    public var reason: String
    public var message: String?
    public var requestedAt: Timestamp?
    public var startedAt: Timestamp?
    public var steppedAt: Timestamp?
    public var finishedAt: Timestamp?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case id, request, phase, members, reason, message, requestedAt, startedAt, steppedAt, finishedAt
    }

    public init(
        id: String? = nil, request: String, phase: RequestPhase, members: [Member]? = nil, reason: String,
        message: String? = nil, requestedAt: Timestamp? = nil
    ) {
        self.id = id
        self.request = request
        self.phase = phase
        self.members = members
        self.reason = reason
        self.message = message
        self.requestedAt = requestedAt
    }

    /// One member's part in it.
    public struct Member: Sendable, Hashable, Codable {
        public var name: String
        public var phase: Phase
        /// Start time of the postmaster that is to be restarted, as the member published it when it was asked for.
        public var postmasterStartTime: String?
        public var message: String?

        public enum CodingKeys: String, CodingKey, CaseIterable {
            case name, phase, postmasterStartTime, message
        }

        public enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
            case waiting = "Waiting"
            case restarting = "Restarting"
            case restarted = "Restarted"
            case skipped = "Skipped"
            case failed = "Failed"
        }

        public init(name: String, phase: Phase = .waiting, postmasterStartTime: String? = nil, message: String? = nil) {
            self.name = name
            self.phase = phase
            self.postmasterStartTime = postmasterStartTime
            self.message = message
        }
    }
}

extension RestartStatus: SchemaObject {
    public static let summary = "A restart and what became of it."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .id: RequestField.id
        case .request: RequestField.request
        case .phase: RequestField.phase
        case .members:
            Field(.list(of: .object(Member.self), key: "name", maximumCount: 64), "The members it is about.")
        case .reason: Field(.text(maxLength: 128), "One word for programs, such as TimedOut.", required: true)
        case .message: Field(.text(maxLength: RestartStatus.maximumMessageLength), "A sentence for people.")
        case .requestedAt: RequestField.requestedAt
        case .startedAt: Field(.timestamp, "When the first member was asked.")
        case .steppedAt: Field(.timestamp, "When the last step was taken, from which the timeout counts.")
        case .finishedAt: RequestField.finishedAt
        }
    }
}

extension RestartStatus.Member: SchemaObject {
    public static let summary = "One member's part in a restart."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .name: Field(.text(maxLength: 253), "Name of the member.", required: true)
        case .phase:
            Field(
                .choice(Phase.allCases.map(\.rawValue)),
                "`Waiting`, `Restarting`, then `Restarted`, `Skipped` or `Failed`.", required: true)
        case .postmasterStartTime:
            Field(
                .text(maxLength: 64),
                "When the server that is to be restarted started. Another one has been restarted already.")
        case .message:
            Field(
                .text(maxLength: RestartStatus.maximumMessageLength), "What its agent said, or why it was skipped.")
        }
    }
}
