/// What became of the password of an application's role that was looked at.
public enum ApplicationPassword: Hashable, Sendable {
    case unchanged
    case set
    /// Somebody has dropped or renamed the role, or these data are older than the cluster; none is made.
    case noRole
    /// The role of that name is a superuser, one of the agents', or does not own the database: it keeps its password.
    case otherRole
}
