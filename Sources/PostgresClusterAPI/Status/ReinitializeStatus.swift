public import KubernetesModels

/// How far a new copy of a member's data is, and what became of it.
public struct ReinitializeStatus: RequestStatus, Hashable, Codable {
    public var id: String?
    public var request: String
    public var phase: RequestPhase
    public var instance: String
    public var percent: Int?
    public var reason: String
    public var message: String?
    public var requestedAt: Timestamp?
    public var askedAt: Timestamp?
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case id, request, phase, instance, percent, reason, message, requestedAt, askedAt, startedAt, finishedAt
    }

    public init(
        id: String? = nil, request: String, phase: RequestPhase, instance: String, reason: String,
        message: String? = nil, requestedAt: Timestamp? = nil
    ) {
        self.id = id
        self.request = request
        self.phase = phase
        self.instance = instance
        self.reason = reason
        self.message = message
        self.requestedAt = requestedAt
    }
}

extension ReinitializeStatus: SchemaObject {
    public static let summary = "A new copy of a member's data and what became of it."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .id: RequestField.id
        case .request: RequestField.request
        case .phase: RequestField.phase
        case .instance: Field(.text(maxLength: 253), "The member it is about.", required: true)
        case .percent:
            Field(.integer(minimum: 0, maximum: 100), "How much is copied, in whole tens; only while a copy runs.")
        case .reason: Field(.text(maxLength: 128), "One word for programs, such as Refused.", required: true)
        case .message:
            Field(
                .text(maxLength: ReinitializeStatus.maximumMessageLength),
                "A sentence for people: what the member's agent said last.")
        case .requestedAt: RequestField.requestedAt
        case .askedAt: Field(.timestamp, "When the member was asked, from which the timeout counts.")
        case .startedAt: Field(.timestamp, "When the member said that it has begun.")
        case .finishedAt: RequestField.finishedAt
        }
    }
}
