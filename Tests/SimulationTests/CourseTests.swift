import HighAvailability
import Testing
import Units

@testable import Simulation

/// Two members that began the same timeline.
@Suite struct CourseTests {
    /// Of seed 809 814: its end lies before the leader's next switch, so by the numbers it could stream. It would have waited
    /// for ever, or streamed from a course it is not on.
    @Test func `a stopped primary of a timeline another member began is copied, also when a later one leads`() throws {
        for seed in UInt64(1)...5 {
            let scenario = Scenario(seed: seed)
            let world = scenario.world
            let first = try #require(scenario.leader)
            let second = try #require(scenario.replicas.first)
            let third = try #require(scenario.replicas.last)
            // It was promoted beside the second one, was cut off, and nobody heard of it.
            third.frozenAgent += 1
            third.server.kill()
            let fork = third.server.flushed
            third.server.branch = world.log.fork(from: third.server.branch, at: fork)
            third.server.write(500)
            third.server.checkpoint = third.server.flushed - 120
            (third.server.isMarkedStandby, third.server.isClean) = (false, true)
            for next in [second, first] {
                let leader = world.name(try #require(scenario.leader).member)
                world.write(FailoverRequest(leader: leader, candidate: world.name(next.member)))
                scenario.run(8)
                #expect(scenario.leader === next, "seed \(seed)")
            }
            #expect(world.api.settings.history.map(\.newLeader) == [second, first].map { world.name($0.member) })
            third.frozenAgent -= 1
            world.thaw(third)
            scenario.run(20)
            #expect(world.whatIsMissing() == nil, "seed \(seed)")
            #expect(world.checker.violation == nil, "seed \(seed)")
        }
    }
}
