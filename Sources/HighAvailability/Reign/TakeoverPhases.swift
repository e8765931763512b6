public import Units

/// Where the time of one takeover went, by the new leader's clock alone.
public struct TakeoverPhases: Hashable, Sendable {
    /// The timeline it began.
    public var timeline: Timeline
    /// From the last sign of life of the former holder of the lock until the new leader found the lock free.
    public var silence: Duration
    /// From there until it had taken it.
    public var election: Duration
    /// From there until its recovery had ended.
    public var promotion: Duration
    /// From there until a write of its own had returned, which waits for standbys where a client's does.
    public var firstWrite: Duration

    public init(
        timeline: Timeline, silence: Duration, election: Duration, promotion: Duration, firstWrite: Duration
    ) {
        self.timeline = timeline
        self.silence = silence
        self.election = election
        self.promotion = promotion
        self.firstWrite = firstWrite
    }

    public var total: Duration { silence + election + promotion + firstWrite }
}
