import ClusterRecords
public import KubernetesModels

/// How far the declared roles are, as the leader last compared them.
public struct RolesStatus: Sendable, Hashable, Codable {
    public var observedGeneration: Int64?
    public var declared: Int
    public var ready: Int
    public var failing: [FailingRole]?
    public var problem: String?
    public var lastRepair: RoleAlteration?
    public var lastAdoption: RoleAlteration?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case observedGeneration, declared, ready, failing, problem, lastRepair, lastAdoption
    }

    public init(
        observedGeneration: Int64?, declared: Int, ready: Int, failing: [FailingRole]?, problem: String?,
        lastRepair: RoleAlteration?, lastAdoption: RoleAlteration? = nil
    ) {
        self.observedGeneration = observedGeneration
        self.declared = declared
        self.ready = ready
        self.failing = failing
        self.problem = problem
        self.lastRepair = lastRepair
        self.lastAdoption = lastAdoption
    }

    /// Some were not as declared, or could not be compared.
    public var isFailing: Bool { failing?.isEmpty == false || problem != nil }
}

extension RolesStatus: SchemaObject {
    public static let summary = "The roles of spec.roles. Of many only those are named that are not as declared."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .observedGeneration:
            Field(
                .integer(minimum: 0, maximum: .max),
                "metadata.generation of the spec whose roles the leader has compared.")
        case .declared: Field(Self.count, "How many roles are declared.", required: true)
        case .ready: Field(Self.count, "How many of them are as declared.", required: true)
        case .failing:
            Field(
                .list(of: .object(FailingRole.self), key: "name", maximumCount: RolesReport.maximumCount),
                "The first of those that are not, by name.")
        case .problem: Field(.text(maxLength: RolesReport.maximumLength), "Why the roles could not be compared.")
        case .lastRepair:
            Field(
                .object(RoleAlteration.self),
                "The last time the leader undid what somebody else had done to declared roles.")
        case .lastAdoption:
            Field(
                .object(RoleAlteration.self),
                "The last time roles that were there before they were declared were altered.")
        }
    }

    static let count = Shape.integer(minimum: 0, maximum: Int64(RolesReport.maximumDeclared))
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

/// What roles were altered in, at one time.
public struct RoleAlteration: Sendable, Hashable, Codable {
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

extension RoleAlteration: SchemaObject {
    public static let summary = "What roles were altered in, at one time."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .at: Field(.timestamp, "When.", required: true)
        case .count: Field(RolesStatus.count, "How many roles.", required: true)
        case .roles:
            Field(
                .list(of: .text(maxLength: RolesReport.maximumLength), maximumCount: RolesReport.maximumCount),
                "The first of them, each with what that was.", required: true)
        }
    }
}
