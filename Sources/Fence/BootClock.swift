import CLinux
import Glibc
public import Units

/// Reads CLOCK_BOOTTIME: the one clock of leases and fences. It counts suspend and nobody can set it.
public struct BootClock: Sendable {
    public init() {}

    /// The present moment.
    public static func now() -> BootInstant {
        BootInstant(nanoseconds: clinux_boottime_nanoseconds())
    }
}

/// The clock of an agent that runs in earnest: the machine's time and Swift's own tasks.
extension BootClock: AgentClock {
    public var now: BootInstant { Self.now() }

    public var minimumResolution: Duration { .nanoseconds(1) }

    /// - Throws: `CancellationError`, at once when the task is cancelled.
    public func sleep(until deadline: BootInstant, tolerance: Duration?) async throws {
        // Swift's continuous clock is CLOCK_BOOTTIME on Linux.
        try await Task.sleep(for: deadline - now, tolerance: tolerance)
    }

    public var wallTime: WallInstant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallInstant(microsecondsSince1970: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    @discardableResult
    public func start(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(operation: work)
    }
}
