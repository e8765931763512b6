/// Per-key pauses that double with every failure until the key succeeds.
struct ExponentialBackoff<Key: Hashable & Sendable>: Sendable {
    private let base: Duration
    private let maximum: Duration
    private var failures: [Key: Int] = [:]

    init(base: Duration, maximum: Duration) {
        self.base = base
        self.maximum = maximum
    }

    /// Counts a failure and returns the pause before the next attempt.
    mutating func pause(_ key: Key) -> Duration {
        let count = failures[key, default: 0]
        failures[key] = count + 1
        var pause = base
        for _ in 0..<count {
            guard pause < maximum else { break }
            pause *= 2
        }
        return min(pause, maximum)
    }

    mutating func forget(_ key: Key) { failures[key] = nil }

    func failureCount(_ key: Key) -> Int { failures[key, default: 0] }
}
