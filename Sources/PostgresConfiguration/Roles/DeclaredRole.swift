/// A role of the server as the cluster's resource declares it.
public struct DeclaredRole: Hashable, Sendable {
    public var name: String
    /// It is not to exist.
    public var isAbsent: Bool
    public var attributes: RoleAttributes
    /// -1: as many sessions as the server has.
    public var connectionLimit: Int
    /// RFC 3339 in UTC with whole seconds; nil: the password holds for ever.
    public var validUntil: String?
    /// The roles it is a member of, exactly; nil: whatever they are.
    public var memberships: [String]?
    /// nil: whatever it is; empty: none.
    public var comment: String?
    public var password: Password

    /// Where its password comes from.
    public enum Password: Hashable, Sendable {
        /// It keeps what it has.
        case kept
        /// It has none, and nobody can log in with one.
        case disabled
        /// The text behind a key of a Secret.
        case secret(name: String, key: String)
    }

    public init(
        name: String, isAbsent: Bool = false, attributes: RoleAttributes = RoleAttributes(), connectionLimit: Int = -1,
        validUntil: String? = nil, memberships: [String]? = nil, comment: String? = nil, password: Password = .kept
    ) {
        self.name = name
        self.isAbsent = isAbsent
        self.attributes = attributes
        self.connectionLimit = connectionLimit
        self.validUntil = validUntil
        self.memberships = memberships
        self.comment = comment
        self.password = password
    }

    /// The Secret its password is in, if it is to have one.
    public var passwordSecret: String? {
        if !isAbsent, case .secret(let name, _) = password { name } else { nil }
    }

    /// Names PostgreSQL, or the agents of a managed cluster, have for themselves.
    public static let reservedNames = ["postgres", "replicator", "rewinder", "public", "none"]
    /// What the names of PostgreSQL's own roles begin with; it refuses others.
    public static let reservedPrefix = "pg_"
}

/// What a role may do, as `CREATE ROLE` has it.
public struct RoleAttributes: Hashable, Sendable {
    public var mayLogIn: Bool
    public var isSuperuser: Bool
    public var mayCreateDatabases: Bool
    public var mayCreateRoles: Bool
    public var inherits: Bool
    public var mayReplicate: Bool
    public var bypassesRowSecurity: Bool

    public init(
        mayLogIn: Bool = true, isSuperuser: Bool = false, mayCreateDatabases: Bool = false,
        mayCreateRoles: Bool = false, inherits: Bool = true, mayReplicate: Bool = false,
        bypassesRowSecurity: Bool = false
    ) {
        self.mayLogIn = mayLogIn
        self.isSuperuser = isSuperuser
        self.mayCreateDatabases = mayCreateDatabases
        self.mayCreateRoles = mayCreateRoles
        self.inherits = inherits
        self.mayReplicate = mayReplicate
        self.bypassesRowSecurity = bypassesRowSecurity
    }

    /// In the words of `CREATE ROLE` and `ALTER ROLE`, which write the other way round with NO.
    var words: [(word: String, isSet: Bool)] {
        [
            ("LOGIN", mayLogIn), ("SUPERUSER", isSuperuser), ("CREATEDB", mayCreateDatabases),
            ("CREATEROLE", mayCreateRoles), ("INHERIT", inherits), ("REPLICATION", mayReplicate),
            ("BYPASSRLS", bypassesRowSecurity),
        ]
    }
}
