import ClusterRecords
import ClusterStore
import HighAvailability
import Synchronization
import Units

/// What the loop knows that others read at any moment: the lock keeper and the REST interface.
package final class AgentState: Sendable {
    struct Contents: Sendable {
        var timings = Timings.standard
        /// Past it the lock is not renewed any more: nobody has seen the server healthy for too long.
        var healthyUntil = BootInstant(nanoseconds: 0)
        var containerInstance: String?
        var timeline: Timeline?
        var position: LSN?
        var target: RoutingTarget?
        /// Who is to be recorded beside the lock; nil without failsafe.
        var failsafe: FailsafeList?
        /// The server runs as a primary, with the lock or without.
        var isPrimary = false
        /// The loop starts, stops or changes the server, or is about to.
        var isOccupied = false
        /// How far the declared roles are; nil while this member does not lead, or none are declared.
        var roles: RolesReport?
        /// What the REST interface answers from; nil before the first cycle.
        var snapshot: MemberSnapshot?
    }

    private let contents = Mutex(Contents())

    func update<Answer: Sendable>(_ change: (inout Contents) -> Answer) -> Answer {
        contents.withLock { change(&$0) }
    }

    func read() -> Contents {
        contents.withLock { $0 }
    }

    /// What the REST interface answers from; nil before the first cycle.
    package var snapshot: MemberSnapshot? { read().snapshot }

    /// What the next renewal says.
    func terms(at instant: BootInstant) -> LockKeeper.Terms {
        let now = read()
        return LockKeeper.Terms(
            timings: now.timings, containerInstance: now.containerInstance, timeline: now.timeline,
            position: now.position,
            target: now.target, failsafe: now.failsafe, mayRenew: instant < now.healthyUntil)
    }
}
