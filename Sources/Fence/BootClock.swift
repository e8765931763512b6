import CLinux
public import Units

/// Reads CLOCK_BOOTTIME: the one clock of leases and fences. It counts suspend and nobody can set it.
public struct BootClock: Sendable {
    /// The present moment.
    public static func now() -> BootInstant {
        BootInstant(nanoseconds: clinux_boottime_nanoseconds())
    }
}
