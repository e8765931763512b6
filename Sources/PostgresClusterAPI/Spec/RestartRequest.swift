import ClusterRecords
public import KubernetesModels

/// A request to restart PostgreSQL in place.
public struct RestartRequest: Sendable, Hashable, Codable {
    public var instances: [String]?
    public var role: Role?
    public var onlyPending: Bool
    public var notBefore: Timestamp?
    public var timeout: Int
    public var id: String?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case instances, role, onlyPending, notBefore, timeout, id
    }

    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        case primary
        case replica
    }

    public init(
        instances: [String]? = nil, role: Role? = nil, onlyPending: Bool = false, notBefore: Timestamp? = nil,
        timeout: Int = 300, id: String? = nil
    ) {
        self.instances = instances
        self.role = role
        self.onlyPending = onlyPending
        self.notBefore = notBefore
        self.timeout = timeout
        self.id = id
    }

    /// Identifies the content: the same block is carried out once, a changed one again.
    public var contentHash: String {
        var hash = StableHash()
        hash.combine((instances ?? []).joined(separator: " "))
        hash.combine(role?.rawValue ?? "")
        hash.combine(String(onlyPending))
        hash.combine(notBefore?.description ?? "")
        hash.combine(String(timeout))
        hash.combine(id ?? "")
        return hash.hexadecimal
    }
}

extension RestartRequest: SchemaObject {
    public static let summary = """
        A request to restart PostgreSQL in place: replicas one after the other, the primary last, which keeps its lock. \
        Carried out once per distinct content; progress and result are in status.restart, the condition RestartCompleted \
        and Events.
        """

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .instances:
            Field(
                .list(of: .text(maxLength: 253), maximumCount: Int(PostgresClusterSpec.maximumInstances)),
                "Names of the members to restart, for example demo-1. Absent: every member.")
        case .role:
            Field(
                .choice(Role.allCases.map(\.rawValue)),
                "Only members that have this role when their turn comes. Absent: both.")
        case .onlyPending:
            Field(.boolean, "Only members with parameters that wait for a restart.", default: false)
        case .notBefore:
            Field(
                .timestamp,
                "The request waits until this instant (RFC 3339). A member that is restarted meanwhile is not restarted "
                    + "again. It fails if `timeout` passes after it and nobody has begun by then, and it is refused while "
                    + "the cluster is paused.")
        case .timeout:
            Field(
                .integer(minimum: 10, maximum: 3600),
                "Seconds each member has to come back; then the request has failed and no further member is restarted.",
                default: 300)
        case .id:
            Field(.text(maxLength: 128), "Any text; a new one makes an otherwise equal request distinct.")
        }
    }
}
