public import Units

/// How a server is stopped. There is no smart mode: it waits for clients.
public enum StopMode: String, Hashable, Sendable {
    /// Disconnects clients, writes a shutdown checkpoint and waits until the standbys have it.
    case fast
    /// Ends at once; the next start recovers.
    case immediate
}

/// How a stop went.
public struct StopReport: Hashable, Sendable {
    /// `pg_controldata` says "shut down": nothing is to be recovered.
    public let isClean: Bool
    /// A fast stop that did not end in time was made immediate.
    public let wasEscalated: Bool
    public let elapsed: Duration
    /// Of a clean stop of a primary.
    public let shutdownCheckpoint: ShutdownPosition?

    public init(isClean: Bool, wasEscalated: Bool, elapsed: Duration, shutdownCheckpoint: ShutdownPosition?) {
        self.isClean = isClean
        self.wasEscalated = wasEscalated
        self.elapsed = elapsed
        self.shutdownCheckpoint = shutdownCheckpoint
    }
}

/// Where a cleanly stopped primary's history ends.
public struct ShutdownPosition: Hashable, Sendable {
    public let timeline: Timeline
    /// Where the shutdown checkpoint's record begins; a standby that received more than this has all of it.
    public let checkpoint: LSN

    public init(timeline: Timeline, checkpoint: LSN) {
        self.timeline = timeline
        self.checkpoint = checkpoint
    }
}
