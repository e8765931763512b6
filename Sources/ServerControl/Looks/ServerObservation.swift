/// The outcome of looking at the local server.
public enum ServerObservation: Sendable {
    case answered(ServerStatus)
    /// The server is there and says that it does not tell: a lock in the way, a database that is gone, a login it refuses.
    case refused(SessionFailure)
    /// No answer, and why. ``SessionFailure/isCannotConnectNow``: it starts, recovers or stops;
    /// ``SessionFailure/isTooManyConnections``: it is alive.
    case unreachable(SessionFailure)

    public var status: ServerStatus? {
        switch self {
        case .answered(let status): status
        case .refused, .unreachable: nil
        }
    }
}
