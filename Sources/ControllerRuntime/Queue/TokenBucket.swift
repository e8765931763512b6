/// Allows `rate` events per second on average and `burst` at once; later ones are told how long to wait.
struct TokenBucket<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
    private let rate: Double
    private let burst: Double
    private var tokens: Double
    private var updated: Instant?

    init(rate: Double, burst: Int) {
        self.rate = rate
        self.burst = Double(burst)
        self.tokens = Double(burst)
    }

    /// Takes a token that may lie in the future and returns the wait for it.
    mutating func reserve(at now: Instant) -> Duration {
        refill(now)
        tokens -= 1
        return tokens >= 0 ? .zero : .seconds(-tokens / rate)
    }

    /// Takes a token if there is one now.
    mutating func take(at now: Instant) -> Bool {
        refill(now)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    private mutating func refill(_ now: Instant) {
        if let updated {
            tokens = min(burst, tokens + max(0, updated.duration(to: now).inSecondsValue) * rate)
        }
        updated = now
    }
}
