import HighAvailability
import ServerControl
import Testing
import Units

@testable import Simulation

/// A cluster of three in which exactly the named faults happen.
struct Scenario {
    let world: World

    init(
        seed: UInt64 = 1, members: Int = 3, timings: Timings = .fast, failsafe: Bool = false,
        synchronous: SynchronousPolicy = .off, _ faults: [Fault] = []
    ) {
        var plan = RunPlan(seed: seed)
        plan.members = members
        plan.timings = timings
        plan.synchronous = synchronous
        plan.usesFailsafe = failsafe
        plan.budget = .unlimited
        plan.faults = faults
        plan.quietUntil = .seconds(15)
        plan.healAt = .seconds(60)
        plan.end = .seconds(150)
        plan.clocks = (0..<(members * 2)).map { NodeClock(origin: Int64($0 + 1) * 1_000_000_000, partsPerMillion: 0) }
        world = World(plan: plan, tracing: true)
        // A new copy waits for the proof of its settings; one without a verdict is a fault nobody has named.
        world.proofs = .always(.proven)
        world.begin()
        world.run(until: .seconds(14))
    }

    var leader: Pod? { world.pods.first { $0.server.process == .primary } }
    var replicas: [Pod] { world.pods.filter { $0.server.process == .standby } }

    func run(_ seconds: Int64) { world.run(until: world.now + .seconds(seconds)) }

    /// Runs until something is so, and looks at it after each step.
    ///
    /// - Parameter limit: the instant before which it has to be so.
    func run(
        every step: Microseconds, before limit: Microseconds, at location: SourceLocation = #_sourceLocation,
        until isReached: () -> Bool
    ) throws {
        var time = world.now
        while !isReached() {
            time += step
            try #require(time < limit, sourceLocation: location)
            world.run(until: time)
        }
    }

    /// Repeats something of the world, whatever its processes do.
    func always(every delay: Microseconds, _ work: @escaping () -> Void) {
        world.schedule(after: delay, .world) {
            work()
            always(every: delay, work)
        }
    }
}
