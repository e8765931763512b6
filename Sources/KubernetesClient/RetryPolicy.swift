/// Which failures of a call are repeated, and after what pause.
///
/// A read may always be repeated. A write is repeated only when the server cannot have acted on it: nothing was sent,
/// or it answered 429.
struct RetryPolicy {
    private static let firstPause: Duration = .milliseconds(100)
    private static let longestPause: Duration = .seconds(2)

    private let isWrite: Bool
    private var remaining: Int
    private var nextPause = firstPause

    init(isWrite: Bool, maximumCount: Int) {
        self.isWrite = isWrite
        remaining = maximumCount
    }

    /// `nil` when the failure is final.
    mutating func pause(after failure: KubernetesError) -> Duration? {
        guard remaining > 0, isSafeAndUseful(failure) else { return nil }
        remaining -= 1
        let pause = nextPause
        nextPause = min(nextPause * 2, Self.longestPause)
        // Spread, so that many clients do not come back in step.
        return failure.retryAfter ?? pause * Double.random(in: 0.75...1.25)
    }

    private func isSafeAndUseful(_ failure: KubernetesError) -> Bool {
        // Only writes have an unknown outcome: it is for the caller to settle, by reading.
        if failure.isOutcomeUnknown { return false }
        switch failure.code {
        case .unreachable, .tooManyRequests, .connectionLost: return true
        case .serverError: return !isWrite
        case .timeout, .invalidConfiguration, .credentialUnavailable, .invalidRequest, .invalidResponse, .cancelled,
            .badRequest, .unauthorized, .forbidden, .notFound, .alreadyExists, .conflict, .gone, .invalidObject,
            .refused:
            return false
        }
    }
}
