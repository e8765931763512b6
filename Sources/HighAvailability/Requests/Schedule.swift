public import Units

/// When a request is to be carried out: Patroni's `scheduled_at`.
public struct Schedule: Codable, Hashable, Sendable {
    /// As it was written, for messages.
    public var text: String
    /// nil: nobody can read it.
    public var instant: WallInstant?

    public init(text: String, instant: WallInstant?) {
        self.text = text
        self.instant = instant
    }

    /// Where `now` stands to the schedule (Patroni §1.18): one that was missed by more than one and a half loops is not made
    /// up for; whoever asked for 4 o'clock does not want it at 5.
    public func phase(at now: WallInstant, loopWait: Duration) -> Phase {
        guard let instant else { return .unreadable }
        if now < instant { return .awaited(instant - now) }
        return now - instant > loopWait * 3 / 2 ? .missed : .due
    }

    public enum Phase: Hashable, Sendable {
        case unreadable
        /// Its time comes in so long.
        case awaited(Duration)
        case due
        case missed
    }
}
