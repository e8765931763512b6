public import HighAvailability
public import Units

/// Everything a seed decides beforehand: the cluster, its clocks and what will go wrong.
public struct RunPlan: Sendable {
    /// What the faults are meant to show.
    public enum Budget: String, Sendable {
        /// Anything may happen.
        case unlimited
        /// Nothing that may change a role: the leader stays what it is (G3).
        case withinTolerance
        /// Only planned changes: nothing acknowledged is lost in any mode.
        case plannedOnly
    }

    public var seed: UInt64
    public var members: Int
    public var timings: Timings
    public var synchronous: SynchronousPolicy
    /// A leader that cannot renew its lock stays while every member agrees.
    public var usesFailsafe = false
    public var budget: Budget
    /// Faults begin after this much time, microseconds.
    public var quietUntil: Int64
    /// Everything is well again from here, microseconds.
    public var healAt: Int64
    /// At the latest here the cluster must be whole, microseconds.
    public var end: Int64
    public var faults: [Fault]
    var clocks: [NodeClock]

    static let names = (0..<9).map { "demo-\($0)" }
}
