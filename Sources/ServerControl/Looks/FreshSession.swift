/// What became of a new session with the local server.
public enum FreshSession: Hashable, Sendable {
    /// Logged in, and a statement was answered.
    case opened
    /// The agent gets in; whoever has not its session's settings is refused so, a library that cannot be loaded for example.
    case refusesOthers(SessionFailure)
    /// An answer, and a refusal; also full, or about to start or to stop.
    case refused(SessionFailure)
    /// A process of the server answers, and the login has not ended in time: it waits for a lock.
    case delayed
    /// Nobody answers: the postmaster does not run any more.
    case silent

    /// Whether the agent at least has got in.
    public var isEntry: Bool {
        switch self {
        case .opened, .refusesOthers: true
        case .refused, .delayed, .silent: false
        }
    }
}
