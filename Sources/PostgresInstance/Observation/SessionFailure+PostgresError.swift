import PostgresClient
import ServerControl

extension SessionFailure {
    init(_ error: PostgresError) {
        let kind: Kind =
            if error.isCannotConnectNow {
                .cannotConnectNow
            } else if error.isTooManyConnections {
                .tooManyConnections
            } else if error.isFaultOfServer {
                .faultOfServer
            } else {
                switch error.code {
                case .connectionFailed: .connectionFailed
                case .timeout: .timeout
                case .connectionLost, .cancelled, .server, .unexpectedAnswer: .other
                }
            }
        self.init(kind, error.message, description: error.description)
    }
}

extension ServerObservation {
    init(_ error: PostgresError) {
        let isRefusal = error.isAnswerFromServer && !error.isCannotConnectNow && !error.isTooManyConnections
        self = isRefusal ? .refused(SessionFailure(error)) : .unreachable(SessionFailure(error))
    }
}
