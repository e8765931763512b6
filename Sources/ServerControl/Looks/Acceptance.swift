/// Whether a server that was started lets clients in.
public enum Acceptance: Hashable, Sendable {
    case acceptingConnections
    /// Still recovering at the deadline; it goes on.
    case starting
    /// It ended, or none runs.
    case exited(PostmasterExit.Status)
}
