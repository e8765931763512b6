public import Units

/// What the agent tells init about the lock it holds: kill PostgreSQL at this instant, or at no instant.
///
/// On the pipe it is eight bytes, little-endian: the absolute CLOCK_BOOTTIME in nanoseconds, 0 for ``disarmed``.
/// Each value replaces the one before.
public enum FenceDeadline: Hashable, Sendable {
    /// The member holds no lock that could expire: a replica, or cleanly demoted.
    case disarmed
    /// Every process of the data directory dies at this instant unless a later message arrives.
    case until(BootInstant)

    /// The size of one message; below PIPE_BUF, so that a write is whole or does not happen.
    static let wireSize = 8

    /// The number on the pipe, in host order.
    var wireValue: UInt64 {
        switch self {
        case .disarmed: 0
        case .until(let instant): UInt64(max(1, instant.nanoseconds))
        }
    }

    /// Nil for a number no sender produces (beyond 292 years); the deadline in force then stays.
    init?(wireValue: UInt64) {
        guard let nanoseconds = Int64(exactly: wireValue) else { return nil }
        self = nanoseconds == 0 ? .disarmed : .until(BootInstant(nanoseconds: nanoseconds))
    }
}
