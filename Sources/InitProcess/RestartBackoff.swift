import Units

/// How long to wait before a crashed agent is started again: 100 ms, doubling to 5 s.
struct RestartBackoff: Equatable {
    static let shortest = Duration.milliseconds(100)
    static let longest = Duration.seconds(5)
    /// An agent that lived this long had a different problem than the one before.
    static let goodLife = Duration.seconds(60)

    private var next = shortest

    /// The pause before the next start, given how long the agent lived.
    mutating func pause(afterLife life: Duration) -> Duration {
        if life >= Self.goodLife { next = Self.shortest }
        defer { next = min(next * 2, Self.longest) }
        return next
    }
}
