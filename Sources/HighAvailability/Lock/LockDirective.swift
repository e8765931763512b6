public import Units

/// What the owner of a ``LockStation`` does in answer to an input, in the order it is said.
public enum LockDirective: Hashable, Sendable {
    /// Tell init, then the station what became of that: ``LockStation/settle(_:telling:)`` does both.
    case fence(FenceOrder)
    /// Send this write; past the deadline its outcome is of no use any more. Its end is told to the station.
    case write(LockStation.Attempt, deadline: BootInstant)
    /// init has the deadline and the lock is this agent's own: who waited for that may go on.
    case hold
    /// The standing of the lock has changed: whoever acts on it looks again.
    case tell
    /// For the log; nothing is to be done.
    case say(LockNotice)
}

/// What init is told of this member's deadline; a later order replaces an earlier one.
public enum FenceOrder: Hashable, Sendable {
    /// At this instant every process of the data directory is killed.
    case arm(until: BootInstant)
    /// Nothing here needs a deadline.
    case disarm
}

/// Why the station asks for nothing, or for less than was wanted.
public enum LockNotice: Hashable, Sendable {
    /// A promise, a list or a newer record forbids to take the lock.
    case refused(String)
    /// A renewal is due and may not be made, because PostgreSQL is not healthy.
    case withheld
    /// The lock has run out. init's fence falls at the same moment; this agent stops believing.
    case ranOut
    /// There is no lock to fence by.
    case notHeld
}
