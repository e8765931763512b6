public import PostgresClient

/// The outcome of looking at the local server.
public enum ServerObservation: Sendable {
    case answered(ServerStatus)
    /// The server is there and says that it does not tell: a lock in the way, a database that is gone, a login it refuses.
    case refused(PostgresError)
    /// No answer, and why. ``PostgresError/isCannotConnectNow``: it starts, recovers or stops;
    /// ``PostgresError/isTooManyConnections``: it is alive.
    case unreachable(PostgresError)

    init(_ error: PostgresError) {
        let isRefusal = error.isAnswerFromServer && !error.isCannotConnectNow && !error.isTooManyConnections
        self = isRefusal ? .refused(error) : .unreachable(error)
    }

    public var status: ServerStatus? {
        switch self {
        case .answered(let status): status
        case .refused, .unreachable: nil
        }
    }
}
