import ClusterRecords
public import KubernetesModels

/// How far the declared roles are, as the leader last compared them.
public struct RolesStatus: Sendable, Hashable, Codable {
    public var observedGeneration: Int64?
    public var declared: Int
    public var ready: Int
    public var failing: [FailingRole]?
    public var problem: String?
    public var lastRepair: RoleRepair?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case observedGeneration, declared, ready, failing, problem, lastRepair
    }

    public init(
        observedGeneration: Int64?, declared: Int, ready: Int, failing: [FailingRole]?, problem: String?,
        lastRepair: RoleRepair?
    ) {
        self.observedGeneration = observedGeneration
        self.declared = declared
        self.ready = ready
        self.failing = failing
        self.problem = problem
        self.lastRepair = lastRepair
    }
}

extension RolesStatus: SchemaObject {
    public static let summary = "The roles of spec.roles. Of many only those are named that are not as declared."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .observedGeneration:
            Field(
                .integer(minimum: 0, maximum: .max),
                "metadata.generation of the spec whose roles the leader has compared.")
        case .declared: Field(.integer(minimum: 0, maximum: 1024), "How many roles are declared.", required: true)
        case .ready: Field(.integer(minimum: 0, maximum: 1024), "How many of them are as declared.", required: true)
        case .failing:
            Field(
                .list(of: .object(FailingRole.self), key: "name", maximumCount: RolesReport.maximumCount),
                "The first of those that are not, by name.")
        case .problem: Field(.text(maxLength: RolesReport.maximumLength), "Why the roles could not be compared.")
        case .lastRepair: Field(.object(RoleRepair.self), RoleRepair.summary)
        }
    }
}

/// A role that is not as declared.
public struct FailingRole: Sendable, Hashable, Codable {
    public var name: String
    public var reason: String

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name, reason
    }

    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}

extension FailingRole: SchemaObject {
    public static let summary = "A role that is not as declared."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .name: Field(.text(maxLength: 256), "Name of the role.", required: true)
        case .reason:
            Field(
                .text(maxLength: RolesReport.maximumLength),
                "Why, in PostgreSQL's words where PostgreSQL has refused it.", required: true)
        }
    }
}

/// The last time the leader undid what somebody else had done to declared roles.
public struct RoleRepair: Sendable, Hashable, Codable {
    public var at: Timestamp
    public var count: Int
    public var roles: [String]

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case at, count, roles
    }

    public init(at: Timestamp, count: Int, roles: [String]) {
        self.at = at
        self.count = count
        self.roles = roles
    }
}

extension RoleRepair: SchemaObject {
    public static let summary = "The last time the leader undid what somebody else had done to declared roles."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .at: Field(.timestamp, "When.", required: true)
        case .count: Field(.integer(minimum: 0, maximum: 1024), "How many roles.", required: true)
        case .roles:
            Field(
                .list(of: .text(maxLength: RolesReport.maximumLength), maximumCount: RolesReport.maximumCount),
                "The first of them, each with what was different.", required: true)
        }
    }
}
