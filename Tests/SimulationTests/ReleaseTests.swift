import HighAvailability
import Testing
import Units

@testable import Simulation

@Suite struct ReleaseTests {
    @Test func `a paused leader whose postmaster was killed ends its backends before it lets go`() throws {
        for seed in 0..<8 as Range<UInt64> {
            let scenario = Scenario(seed: seed)
            let leader = try #require(scenario.leader)
            scenario.world.changeSettings { $0.configuration.isPaused = true }
            scenario.run(2)
            leader.server.killPostmaster()
            scenario.world.run(until: scenario.world.now + .milliseconds(400))
            scenario.world.changeSettings { $0.configuration.isPaused = false }
            scenario.run(10)
            #expect(scenario.world.checker.violation == nil, "seed \(seed)")
            #expect(scenario.world.checker.reign > 1, "nobody took over")
        }
    }
}
