import ClusterStore

/// Why a request to the modelled API server came to nothing.
enum WorldFailure: StoreFailure {
    case conflict
    case notFound
    case alreadyExists
    /// 429, 500: the server says no; it changed nothing.
    case refused
    /// Nobody answered in time; it may have changed something, now or later.
    case silent

    var isConflict: Bool { self == .conflict }
    var isNotFound: Bool { self == .notFound }
    var isAlreadyExists: Bool { self == .alreadyExists }
    var isForbidden: Bool { false }
    var isRetryable: Bool { self == .refused || self == .silent }
    var isOutcomeUnknown: Bool { self == .silent }
    var retryAfter: Duration? { nil }
}
