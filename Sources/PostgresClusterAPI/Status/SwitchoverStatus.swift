public import KubernetesModels

/// How far a switchover is, and what became of it.
public struct SwitchoverStatus: RequestStatus, Hashable, Codable {
    public var id: String?
    public var request: String
    public var phase: RequestPhase
    public var from: String?
    public var to: String?
    public var outageMillis: Int64?
    public var reason: String
    public var message: String?
    public var requestedAt: Timestamp?
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case id, request, phase, from, to, outageMillis, reason, message, requestedAt, startedAt, finishedAt
    }

    public init(
        id: String? = nil, request: String, phase: RequestPhase, from: String? = nil, to: String? = nil,
        outageMillis: Int64? = nil, reason: String, message: String? = nil, requestedAt: Timestamp? = nil,
        startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil
    ) {
        self.id = id
        self.request = request
        self.phase = phase
        self.from = from
        self.to = to
        self.outageMillis = outageMillis
        self.reason = reason
        self.message = message
        self.requestedAt = requestedAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}

extension SwitchoverStatus: SchemaObject {
    public static let summary = "A switchover and what became of it."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .id: RequestField.id
        case .request: RequestField.request
        case .phase: RequestField.phase
        case .from: Field(.text(maxLength: 253), "The primary before.")
        case .to: Field(.text(maxLength: 253), "The primary after, or the candidate.")
        case .outageMillis:
            Field(
                .integer(minimum: 0, maximum: .max),
                "Milliseconds between the last moment the old primary could write and the first of the new one.")
        case .reason: Field(.text(maxLength: 128), "One word for programs, such as UnknownCandidate.", required: true)
        case .message: Field(.text(maxLength: maximumMessageLength), "A sentence for people.")
        case .requestedAt: RequestField.requestedAt
        case .startedAt: Field(.timestamp, "When it was handed to the primary's agent.")
        case .finishedAt: RequestField.finishedAt
        }
    }
}
