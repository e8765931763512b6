/// A role as the server has it.
public struct FoundRole: Hashable, Sendable {
    public var attributes: RoleAttributes
    public var connectionLimit: Int
    /// As ``DeclaredRole/validUntil``; nil also for `infinity`, and `-infinity` as PostgreSQL writes it.
    public var validUntil: String?
    /// What the server keeps of its password; nil: it has none.
    public var verifier: String?
    public var comment: String?
    public var memberships: [Membership]

    /// That it is a member of another role. From PostgreSQL 16 on several may have made it one.
    public struct Membership: Hashable, Sendable {
        public var role: String
        public var grantor: String
        /// nil before PostgreSQL 16, which has them not.
        public var options: Options?

        /// What a membership is worth. With none of the first two it is none, but the right to grant the role: whoever may make
        /// roles has one like that in each role he has made.
        public struct Options: Hashable, Sendable {
            /// The rights of the role are the member's without further ado.
            public var inherits: Bool
            /// The member may `SET ROLE` to it.
            public var maySet: Bool
            /// The member may make others members.
            public var mayGrant: Bool

            public init(inherits: Bool = true, maySet: Bool = true, mayGrant: Bool = false) {
                self.inherits = inherits
                self.maySet = maySet
                self.mayGrant = mayGrant
            }
        }

        public init(role: String, grantor: String, options: Options? = nil) {
            self.role = role
            self.grantor = grantor
            self.options = options
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
