import Fence
import Synchronization
public import Units

/// An agent's clock whose time a test moves by hand. Whoever sleeps by it waits for as long as it says, in earnest.
public final class ManualClock: AgentClock {
    private let instant: Mutex<BootInstant>

    public init(_ start: BootInstant = BootInstant(nanoseconds: 1_000_000_000)) {
        instant = Mutex(start)
    }

    public var now: BootInstant { instant.withLock { $0 } }
    public var minimumResolution: Duration { .nanoseconds(1) }
    public var wallTime: WallInstant { BootClock().wallTime }

    public func advance(by duration: Duration) { instant.withLock { $0 = $0 + duration } }

    public func sleep(until deadline: BootInstant, tolerance: Duration?) async throws {
        try await Task.sleep(for: deadline - now, tolerance: tolerance)
    }

    @discardableResult
    public func start(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        BootClock().start(work)
    }
}
