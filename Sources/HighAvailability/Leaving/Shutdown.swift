public import Units

/// What a member that has to end does about its lock.
public enum Shutdown: Hashable, Sendable {
    /// It does not lead: it stops when no commit waits for it any more, or after so long all the same.
    case leave(within: Duration)
    /// It stops, and its lock runs out: while paused nobody else is to lead.
    case keepLock
    /// The lock first: nothing is written here, and who comes next need not wait for the stop.
    case releaseThenStop
    /// It stops in order and hands the lock to an heir, or to nobody; see ``mayLetGo(shutdownCheckpoint:record:by:)``.
    case handOver

    /// - Parameter isStandbyLeader: it leads a cluster that follows another one.
    public init(isLeader: Bool, isPaused: Bool, isStandbyLeader: Bool, _ timings: Timings) {
        if !isLeader {
            self = .leave(within: max(timings.loopWait * 2, .seconds(3)))
        } else if isPaused {
            self = .keepLock
        } else {
            self = isStandbyLeader ? .releaseThenStop : .handOver
        }
    }

    /// Whether a leader without an heir may let its lock go once its server is down, so that nobody waits for the lock's end.
    ///
    /// A server that is down in order has shipped all it wrote. One that was killed runs out with its lock (somebody may lead
    /// meanwhile who lacks what it acknowledged last), unless everything it acknowledged is on the standbys that alone may
    /// be elected.
    ///
    /// - Parameters:
    ///   - checkpoint: the one the server has left behind; nil when it did not stop in order.
    ///   - record: as it is seen now; nil: there is none.
    public static func mayLetGo(shutdownCheckpoint checkpoint: LSN?, record: SynchronousState?, by me: String) -> Bool {
        if checkpoint != nil { return true }
        guard let record, record.isActive else { return false }
        return record.leader == me
    }

    // MARK: Time

    /// So long a leader has from the moment it is asked to end. The Pod's own time to end is 60 s.
    public static let time: Duration = .seconds(55)

    /// So much of it is kept for the heir, which still has to receive what the stop wrote.
    static let timeForHeir: Duration = .seconds(5)

    /// So long the server may take to stop.
    ///
    /// - Parameter end: when this agent has to have ended; nil: it goes on.
    public static func stopTime(until end: BootInstant?, at now: BootInstant) -> Duration {
        guard let end else { return .seconds(600) }
        return max(end - now - timeForHeir, .seconds(1))
    }

    /// How long a fast stop may take before it is made an immediate one.
    ///
    /// - Parameters:
    ///   - configured: `primary_stop_timeout`; zero: nobody said.
    ///   - longest: what there is, whatever the settings say.
    public static func stopLimit(configured: Duration, longest: Duration) -> Duration {
        min(configured > .zero ? configured : .seconds(30), longest)
    }
}
