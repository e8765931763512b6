import ClusterStore

/// Why a request to the modelled API server came to nothing.
enum WorldFailure: StoreFailure {
    case conflict
    case notFound
    case alreadyExists
    /// 500: the server says no; it changed nothing.
    case refused
    /// 403; it changed nothing.
    case forbidden
    /// 429, and when to come again; it changed nothing.
    case tooManyRequests
    /// Nobody answered in time; it may have changed something, now or later.
    case silent

    var isConflict: Bool { self == .conflict }
    var isNotFound: Bool { self == .notFound }
    var isAlreadyExists: Bool { self == .alreadyExists }
    var isForbidden: Bool { self == .forbidden }
    var isRetryable: Bool { [.refused, .tooManyRequests, .silent].contains(self) }
    var isOutcomeUnknown: Bool { self == .silent }
    var retryAfter: Duration? { self == .tooManyRequests ? .seconds(1) : nil }
}
