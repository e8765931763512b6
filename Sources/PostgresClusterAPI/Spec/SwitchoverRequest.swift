import ClusterRecords
public import KubernetesModels

/// A request to move the primary.
public struct SwitchoverRequest: Sendable, Hashable, Codable {
    public var candidate: String?
    /// Who has to lead when the request begins.
    public var leader: String?
    public var id: String?
    public var notBefore: Timestamp?
    public var mode: Mode
    public var timeout: Int

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case candidate, leader, id, notBefore, mode, timeout
    }

    public enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
        case planned
        case forced
    }

    public init(
        candidate: String? = nil, leader: String? = nil, id: String? = nil, notBefore: Timestamp? = nil,
        mode: Mode = .planned, timeout: Int = 60
    ) {
        self.candidate = candidate
        self.leader = leader
        self.id = id
        self.notBefore = notBefore
        self.mode = mode
        self.timeout = timeout
    }

    /// Identifies the content: the same block is carried out once, a changed one again.
    public var contentHash: String {
        var hash = StableHash()
        hash.combine(candidate ?? "")
        hash.combine(id ?? "")
        hash.combine(notBefore?.description ?? "")
        hash.combine(mode.rawValue)
        hash.combine(String(timeout))
        // Not when absent: a request of before this field existed was carried out under its hash without it.
        if let leader { hash.combine(leader) }
        return hash.hexadecimal
    }
}

extension SwitchoverRequest: SchemaObject {
    public static let summary = """
        A request to make another member the primary. Carried out once per distinct content; progress and result are \
        in status.switchover, the condition SwitchoverCompleted and Events.
        """

    public static let rules = [
        Rule(
            .not(.all([.equals("mode", "forced"), .not(.isPresent("candidate"))])),
            message: "mode forced needs a candidate", at: "candidate")
    ]

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .candidate:
            Field(
                .text(pattern: #"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"#, maxLength: 253),
                "Name of the member to become primary, for example demo-1. Absent: the best replica.")
        case .leader:
            Field(
                .text(pattern: #"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"#, maxLength: 253),
                "The request is carried out only if this member leads when it begins, and fails otherwise. Absent: "
                    + "whoever leads.")
        case .id:
            Field(.text(maxLength: 128), "Any text; a new one makes an otherwise equal request distinct.")
        case .notBefore:
            Field(
                .timestamp,
                "The request waits until this instant (RFC 3339). It fails if `timeout` passes after it and nobody has begun "
                    + "by then, and it is refused while the cluster is paused.")
        case .mode:
            Field(
                .choice(Mode.allCases.map(\.rawValue)),
                "`planned`: a clean hand-over that loses nothing, or none at all. `forced`: also when there is no "
                    + "healthy primary; then the candidate leads whatever it lacks, also in a synchronous mode, and "
                    + "status, condition and an Event say what is known to be lost.",
                default: "planned")
        case .timeout:
            Field(
                .integer(minimum: 5, maximum: 3600),
                "Seconds after which a request that the primary has not taken up is withdrawn and reported as failed.",
                default: 60)
        }
    }
}
