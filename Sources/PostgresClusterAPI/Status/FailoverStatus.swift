public import KubernetesModels

/// The last unplanned change of the primary.
public struct FailoverStatus: Sendable, Hashable, Codable {
    public var from: String?
    public var to: String
    public var timeline: Int64?
    public var at: Timestamp
    public var reason: String
    public var loss: LossStatus?
    public var phases: PhasesStatus?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case from, to, timeline, at, reason, loss, phases
    }

    public init(
        from: String?, to: String, timeline: Int64?, at: Timestamp, reason: String, loss: LossStatus? = nil,
        phases: PhasesStatus? = nil
    ) {
        self.from = from
        self.to = to
        self.timeline = timeline
        self.at = at
        self.reason = reason
        self.loss = loss
        self.phases = phases
    }
}

extension FailoverStatus: SchemaObject {
    public static let summary =
        "The last change of the primary that nobody had asked for, or (reason Requested) that may have lost commits."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .from: Field(.text(maxLength: 253), "The primary that was lost.")
        case .to: Field(.text(maxLength: 253), "The member that took over.", required: true)
        case .timeline: Field(.integer(minimum: 0, maximum: .max), "The timeline it began.")
        case .at: Field(.timestamp, "When the operator saw it.", required: true)
        case .reason: Field(.text(maxLength: 128), "One word for programs.", required: true)
        case .loss: Field(.object(LossStatus.self), LossStatus.summary)
        case .phases: Field(.object(PhasesStatus.self), PhasesStatus.summary)
        }
    }
}
