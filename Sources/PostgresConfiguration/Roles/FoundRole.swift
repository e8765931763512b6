/// A role as the server has it.
public struct FoundRole: Hashable, Sendable {
    public var attributes: RoleAttributes
    public var connectionLimit: Int
    /// As ``DeclaredRole/validUntil``; nil also for `infinity`.
    public var validUntil: String?
    /// What the server keeps of its password; nil: it has none.
    public var verifier: String?
    public var comment: String?
    public var memberships: [Membership]

    /// That it is a member of another role. From PostgreSQL 16 on several may have made it one.
    public struct Membership: Hashable, Sendable {
        public var role: String
        public var grantor: String

        public init(role: String, grantor: String) {
            self.role = role
            self.grantor = grantor
        }
    }

    public init(
        attributes: RoleAttributes, connectionLimit: Int = -1, validUntil: String? = nil, verifier: String? = nil,
        comment: String? = nil, memberships: [Membership] = []
    ) {
        self.attributes = attributes
        self.connectionLimit = connectionLimit
        self.validUntil = validUntil
        self.verifier = verifier
        self.comment = comment
        self.memberships = memberships
    }
}
