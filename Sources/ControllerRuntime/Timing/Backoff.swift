/// Growing pauses between attempts.
public struct Backoff: Sendable, Hashable {
    public var base: Duration
    public var factor: Double
    public var maximum: Duration
    /// The share of a pause that is random, from 0 to 1: 0.5 spreads a pause of 1 s over 0.5 s to 1 s.
    public var jitter: Double

    public init(base: Duration, factor: Double = 2, maximum: Duration, jitter: Double = 0.5) {
        self.base = base
        self.factor = factor
        self.maximum = maximum
        self.jitter = jitter
    }

    /// For connections to the API server.
    public static let connection = Backoff(base: .milliseconds(200), maximum: .seconds(30))

    /// The pause before attempt number `attempt` + 1, after `attempt` + 1 failures.
    /// - Parameter random: from 0 to 1; a parameter, so that the caller owns the randomness.
    public func pause(attempt: Int, random: Double) -> Duration {
        var seconds = base.inSecondsValue
        let limit = maximum.inSecondsValue
        for _ in 0..<max(0, min(attempt, 64)) where seconds < limit { seconds *= factor }
        return .seconds(min(seconds, limit) * (1 - jitter * random))
    }
}

extension Duration {
    var inSecondsValue: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
