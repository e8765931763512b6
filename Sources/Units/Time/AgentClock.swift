/// The time an agent goes by, and the only way in which it waits or begins something beside what it does.
///
/// Whatever of the agent reads the time, sleeps or starts a task does it here, by the one clock its process was assembled with.
/// So a world with a clock of its own can run it: there nothing happens by a time it has not set, nor in an order it has not
/// chosen. `Task.sleep`, `Task.yield` and `Task {}` go past a clock, and past an executor that a task prefers.
///
/// What belongs to a task goes into a task group, which needs no clock. Below it, time passes by itself where the agent meets the
/// machine and the network: in programs it starts, requests it sends, and the server that hands it those of others. Such a world
/// puts its own in their place.
///
/// - Requires: `now` never goes back, counts also while the machine is suspended, and is what init's fence is measured by.
public protocol AgentClock: Clock<Duration> where Instant == BootInstant {
    /// Everybody's time. Nothing is decided by it but when a person's scheduled request is due.
    var wallTime: WallInstant { get }

    /// Begins work that outlives the caller's turn.
    ///
    /// - Returns: the task; whoever starts it says beside the call who owns it, or when it ends by itself.
    @discardableResult
    func start(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never>
}
