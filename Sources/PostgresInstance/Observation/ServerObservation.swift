public import PostgresClient

/// The outcome of looking at the local server.
public enum ServerObservation: Sendable {
    case answered(ServerStatus)
    /// No answer, and why. ``PostgresError/isCannotConnectNow``: it starts, recovers or stops;
    /// ``PostgresError/isTooManyConnections``: it is alive.
    case unreachable(PostgresError)

    public var status: ServerStatus? {
        switch self {
        case .answered(let status): status
        case .unreachable: nil
        }
    }
}
