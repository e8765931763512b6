public import HighAvailability
import Synchronization
public import Units

/// Owns this agent's ``LockStation``: the only mutex around the lock, and the only way to init.
///
/// ``ClusterWatch`` hands it what it sees, the keeper of the lock what becomes of writes; everybody else asks it.
///
/// - Guarantees: an input, the orders to init it leads to and their consequences are one step; nobody sees the station in
///   between. So init has a deadline before anybody can learn that the lock is held until then.
public final class LockDesk: Sendable {
    private let station: Mutex<LockStation>
    private let fence: (any FenceLine)?
    private let clock: any AgentClock
    private let signal: AsyncStream<Void>.Continuation

    /// One element after each change of the lock or of what ``ClusterWatch`` sees; changes nobody has looked at yet are merged
    /// into one.
    public let changes: AsyncStream<Void>

    /// What a step leaves to be done.
    public struct Step: Sendable {
        /// Without orders to init, which are carried out.
        public var directives: [LockDirective]
        /// Why init could not be told something; nil when it was, or had not to be.
        public var fenceError: (any Error)?

        /// The write it asks for, if it asks for one.
        public var write: (attempt: LockStation.Attempt, deadline: BootInstant)? {
            for case .write(let attempt, let deadline) in directives { return (attempt, deadline) }
            return nil
        }

        /// init has the deadline, and the lock is this agent's own.
        public var isHeld: Bool { directives.contains(.hold) }
    }

    /// - Parameter fence: nil when no init runs above this agent; then nothing here is fenced.
    public init(me: HolderIdentity, fence: (any FenceLine)?, clock: any AgentClock) {
        // An earlier life of this agent may have left a deadline.
        station = Mutex(LockStation(me: me, fence: fence == nil ? .lowered : .raised))
        self.fence = fence
        self.clock = clock
        (changes, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Hands the station one input and does what it asks of init.
    ///
    /// - Parameters:
    ///   - isRoutine: asked before; whether nobody has to be told if the lock is held in the end.
    ///   - input: is also told what time it is. It must not come back here.
    @discardableResult
    public func step(
        quietlyIf isRoutine: (LockStation, BootInstant) -> Bool = { _, _ in false },
        _ input: (inout LockStation, BootInstant) -> [LockDirective]
    ) -> Step {
        let (step, isQuiet) = station.withLock { station in
            var fenceError: (any Error)?
            let isQuiet = isRoutine(station, clock.now)
            let directives = input(&station, clock.now)
            let rest = station.settle(directives) { order in
                do {
                    try fence?.obey(order)
                    return true
                } catch {
                    fenceError = error
                    return false
                }
            }
            return (Step(directives: rest, fenceError: fenceError), isQuiet)
        }
        if step.directives.contains(.tell), !(isQuiet && step.isHeld) { tell() }
        return step
    }

    /// Asks the station something, or hands it what asks for nothing.
    ///
    /// - Parameter question: as in ``step(_:)``.
    public func look<Answer: Sendable>(_ question: (inout LockStation, BootInstant) -> Answer) -> Answer {
        station.withLock { question(&$0, clock.now) }
    }

    /// Something has changed beside the lock.
    func tell() {
        signal.yield()
    }
}
