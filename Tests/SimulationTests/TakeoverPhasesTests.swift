import HighAvailability
import Testing
import Units

@testable import Simulation

/// What a new leader tells of its takeover, beside what the world knows of it. Times are virtual: no machine is too slow for them.
@Suite struct TakeoverPhasesTests {
    /// The leader's machine is lost; returns the one that is promoted, at the moment of its promotion.
    private func promotion(in scenario: Scenario) throws -> (leader: Pod, lostAt: Microseconds) {
        let old = try #require(scenario.leader)
        let lostAt = scenario.world.now
        old.powerOff()
        try scenario.run(every: .milliseconds(1), before: lostAt + .seconds(40)) {
            scenario.replicas.contains { $0.agent?.holdsLock == true } || scenario.leader != nil
        }
        try scenario.run(every: 50, before: lostAt + .seconds(40)) { scenario.leader != nil }
        return (try #require(scenario.leader), lostAt)
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `the phases end when the server was promoted and wrote, and begin when its predecessor was last heard`(
        _ seed: UInt64
    ) throws {
        let scenario = Scenario(seed: seed)
        defer { scenario.world.dissolve() }
        #expect(scenario.leader?.agent?.takeover == nil, "the first leader has taken over from nobody")
        let (leader, lostAt) = try promotion(in: scenario)
        let outage = Duration.microseconds(scenario.world.now - lostAt)
        #expect(leader.agent?.takeover == nil)
        scenario.run(10)
        let phases = try #require(leader.agent?.takeover)
        #expect(phases.timeline.rawValue == leader.server.timeline)
        #expect(phases.silence >= Timings.fast.ttl && phases.silence < Timings.fast.ttl + .seconds(1), "\(phases)")
        // The last renewal was up to `loopWait` old, and was seen a moment after it was written.
        let untilPromoted = phases.silence + phases.election + phases.promotion
        #expect(untilPromoted > outage - .seconds(1), "\(phases), \(outage)")
        #expect(untilPromoted < outage + Timings.fast.loopWait + .seconds(1), "\(phases), \(outage)")
        #expect(phases.promotion >= .milliseconds(20), "no promotion is quicker here: \(phases)")
        #expect(phases.firstWrite > .zero && phases.firstWrite < .seconds(1), "\(phases)")
        #expect(scenario.world.checker.violation == nil)
    }

    @Test func `a first write that could not be made is made again`() throws {
        let scenario = Scenario()
        defer { scenario.world.dissolve() }
        let (leader, _) = try promotion(in: scenario)
        // It lets nobody in who comes anew; the agent goes on in the session it has.
        leader.frozenPostmaster += 1
        scenario.run(1)
        #expect(leader.server.process == .primary && leader.agent?.takeover == nil)
        leader.frozenPostmaster -= 1
        scenario.run(10)
        let phases = try #require(leader.agent?.takeover)
        #expect(phases.firstWrite > .seconds(1), "\(phases)")
    }

    @Test func `a first write waits for the standby that commits wait for`() throws {
        let policy = SynchronousPolicy(mode: .on, standbys: 1, isStrict: true, maximumLag: nil)
        let scenario = Scenario(synchronous: policy)
        defer { scenario.world.dissolve() }
        let old = try #require(scenario.leader)
        let names = old.server.names.description
        // Who is not waited for is lost first, so that nobody is left behind the one that is elected.
        let idle = try #require(scenario.replicas.first { !names.contains(scenario.world.name($0.member)) })
        idle.powerOff()
        let (leader, _) = try promotion(in: scenario)
        scenario.run(20)
        #expect(leader.server.process == .primary && leader.agent?.holdsLock == true)
        #expect(leader.agent?.takeover == nil)
        idle.powerOn()
        scenario.run(60)
        let phases = try #require(leader.agent?.takeover)
        #expect(phases.firstWrite > .seconds(20), "\(phases)")
        #expect(scenario.world.checker.violation == nil)
    }
}
