public import PostgresConfiguration

/// Where the roles of a cluster are kept: the local server, while it is the primary.
public protocol RoleServer: Sendable {
    /// Compares the roles with what is declared, and mends what differs.
    ///
    /// One session and one query; nothing is written where nothing differs. Each role is a transaction of its own, so that
    /// one PostgreSQL refuses keeps no other from being made. Passwords reach the server as SCRAM verifiers, in a session
    /// that logs no statement. Commits wait for no standby: the next leader compares anew. They are on the disk when this
    /// returns.
    ///
    /// - Parameters:
    ///   - wishes: each role once; none: nothing is asked, and every password is forgotten.
    ///   - resting: roles that are not looked at this time, whose passwords are not forgotten.
    ///   - mayGoOn: asked before each write.
    ///   - deadline: for connecting, and for each statement.
    /// - Requires: a primary that accepts connections.
    /// - Returns: what became of each; those that were not reached any more are not in it.
    /// - Throws: when there is no session, or it was lost; ``BrokenRolePass`` says what was mended by then, which stays.
    func keepRoles(
        _ wishes: [RoleWish], resting: [RoleWish], while mayGoOn: @Sendable () -> Bool, deadline: Duration
    ) async throws -> [String: RoleOutcome]
}

/// A comparison that did not come to its end.
public struct BrokenRolePass: Error, CustomStringConvertible {
    /// What became of roles that were mended, in part at least.
    public let mended: [String: RoleOutcome]
    public let description: String

    public init(mended: [String: RoleOutcome], reason: String) {
        self.mended = mended
        description = reason
    }
}

/// A declared role with the password its Secret has at this moment.
public struct RoleWish: Hashable, Sendable {
    public var role: DeclaredRole
    public var password: Password

    public enum Password: Hashable, Sendable {
        /// Left as it is.
        case kept
        case removed
        case known(RolePasswordText)
        /// Left as it is, and the role is not as declared.
        case unusable(reason: String)
    }

    public init(_ role: DeclaredRole, password: Password) {
        self.role = role
        self.password = password
    }
}

/// A password that is not shown by whatever shows what holds it.
public struct RolePasswordText: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { "(hidden)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What became of one role.
public struct RoleOutcome: Hashable, Sendable {
    /// What differed and was mended, also where something else could not be.
    public var mended: [String]
    /// Why it is not as declared; nil: it is.
    public var failure: String?
    /// The failure is one that may be over soon, as when somebody else is altering the role.
    public var mayPass: Bool

    /// It was not there before, or is not there now: nothing of a role was altered.
    public var isMadeOrDropped: Bool { mended == ["missing"] || mended == ["exists"] }

    public init(mended: [String] = [], failure: String? = nil, mayPass: Bool = false) {
        self.mended = mended
        self.failure = failure
        self.mayPass = mayPass
    }
}
