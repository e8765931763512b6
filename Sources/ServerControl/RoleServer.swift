public import PostgresConfiguration

/// Where the roles of a cluster are kept: the local server, while it is the primary.
public protocol RoleServer: Sendable {
    /// Compares the roles with what is declared, and mends what differs.
    ///
    /// One session and one query; nothing is written where nothing differs. Each role is a transaction of its own, so that
    /// one PostgreSQL refuses keeps no other from being made. Passwords reach the server as SCRAM verifiers, in a session
    /// that logs no statement. Commits wait for no standby: the next leader compares anew.
    ///
    /// - Parameters:
    ///   - wishes: each role once.
    ///   - mayGoOn: asked before each write.
    ///   - deadline: for connecting, and for each statement.
    /// - Requires: a primary that accepts connections.
    /// - Returns: what became of each; those that were not reached any more are not in it.
    /// - Throws: when there is no session, or it was lost; what was mended by then stays.
    func keepRoles(_ wishes: [RoleWish], while mayGoOn: @Sendable () -> Bool, deadline: Duration) async throws
        -> [String: RoleOutcome]
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
    /// Those of it by which a role that existed has less than before.
    public var lost: [String]
    /// Why it is not as declared; nil: it is.
    public var failure: String?

    public init(mended: [String] = [], lost: [String] = [], failure: String? = nil) {
        self.mended = mended
        self.lost = lost
        self.failure = failure
    }
}
