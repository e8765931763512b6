/// One member as its agent and the kubelet describe it; nothing that changes without meaning.
public struct MemberStatus: Sendable, Hashable, Codable {
    public var name: String
    public var role: String?
    public var state: String?
    public var timeline: Int64?
    public var ready: Bool
    public var node: String?
    public var pendingRestart: Bool?
    public var problem: String?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name, role, state, timeline, ready, node, pendingRestart, problem
    }

    public init(
        name: String, role: String? = nil, state: String? = nil, timeline: Int64? = nil, ready: Bool = false,
        node: String? = nil, pendingRestart: Bool? = nil, problem: String? = nil
    ) {
        self.name = name
        self.role = role
        self.state = state
        self.timeline = timeline
        self.ready = ready
        self.node = node
        self.pendingRestart = pendingRestart
        self.problem = problem
    }
}

extension MemberStatus: SchemaObject {
    /// Of `problem`, in Unicode scalars, as the API server counts.
    public static let maximumProblemLength = 1024

    public static let summary = "One member."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .name: Field(.text(maxLength: 253), "Name of the member and its Pod.", required: true)
        case .role:
            Field(
                .text(maxLength: 64),
                "`primary` or `replica`; absent until the member said so, and while nothing is heard of it.")
        case .state:
            Field(
                .text(maxLength: 64),
                "What its server does, such as `running`, `starting` or `creating replica`; `unknown` while nothing is heard of it."
            )
        case .timeline: Field(.integer(minimum: 0, maximum: .max), "Timeline the member is on.")
        case .ready: Field(.boolean, "Whether the Pod is ready.", required: true)
        case .node: Field(.text(maxLength: 253), "Node the Pod runs on.")
        case .pendingRestart: Field(.boolean, "True when a changed parameter waits for a restart.")
        case .problem:
            Field(
                .text(maxLength: maximumProblemLength),
                "What only a person can mend, or has to know, in one sentence, such as data of another cluster on its "
                    + "volume; absent when there is nothing. Also in the condition Degraded, reason "
                    + "MemberNeedsAttention.")
        }
    }
}
