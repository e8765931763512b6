import HighAvailability
import Testing
import Units

@testable import Simulation

/// The API server away, and the members' consent in its place.
@Suite struct FailsafeModelTests {
    private static let seeds = 1...8 as ClosedRange<UInt64>

    /// A leader that cannot reach the API server, and stays because every member agrees.
    private static func leaderByConsent(seed: UInt64) throws -> (scenario: Scenario, leader: Pod) {
        let scenario = Scenario(seed: seed, failsafe: true)
        let leader = try #require(scenario.leader)
        scenario.world.network.blockedToAPI[leader.node] += 1
        scenario.world.network.blockedFromAPI[leader.node] += 1
        scenario.run(25)
        #expect(leader.server.process == .primary && leader.agent?.held?.isByConsent == true)
        return (scenario, leader)
    }

    @Test func `an API server that is away for long changes nobody while all members agree`() throws {
        for seed in Self.seeds {
            let scenario = Scenario(seed: seed, failsafe: true)
            let leader = try #require(scenario.leader)
            let before = scenario.world.checker.acknowledgements
            scenario.world.network.apiDown += 1
            scenario.run(38)
            #expect(leader.server.process == .primary && leader.agent?.holdsLock == true, "seed \(seed)")
            #expect(scenario.world.checker.acknowledgements > before + 50)
            #expect(scenario.world.checker.roleChanges == 0)
            scenario.world.network.apiDown -= 1
            scenario.run(7)
            #expect(leader.agent?.held?.isByConsent == false, "seed \(seed)")
            #expect(scenario.world.checker.violation == nil)
        }
    }

    @Test func `without failsafe the same absence stops the primary before its lock runs out`() throws {
        let scenario = Scenario()
        let leader = try #require(scenario.leader)
        scenario.world.network.apiDown += 1
        scenario.run(12)
        #expect(leader.server.process != .primary)
        #expect(scenario.world.checker.consents == 0)
    }

    @Test func `a leader that loses one member while the API server is away stops`() throws {
        for seed in Self.seeds {
            let scenario = Scenario(seed: seed, failsafe: true)
            let leader = try #require(scenario.leader)
            let lost = try #require(scenario.replicas.first)
            scenario.world.network.apiDown += 1
            scenario.run(20)
            scenario.world.network.isolate(lost.node, 1)
            scenario.run(14)
            #expect(leader.server.process != .primary, "seed \(seed)")
            #expect(scenario.world.checker.violation == nil)
        }
    }

    @Test func `a leader by consent that meets another holder stops at once`() throws {
        for seed in Self.seeds {
            let (scenario, leader) = try Self.leaderByConsent(seed: seed)
            scenario.world.usurp()
            scenario.world.network.blockedToAPI[leader.node] -= 1
            scenario.world.network.blockedFromAPI[leader.node] -= 1
            scenario.run(4)
            #expect(leader.server.process != .primary, "seed \(seed)")
            #expect(leader.agent?.held == nil)
            scenario.run(30)
            #expect(scenario.leader != nil, "nobody leads after the usurper")
            #expect(scenario.world.checker.violation == nil)
        }
    }

    @Test func `a leader by consent that cannot look itself learns from a member that another holds the lock`() throws {
        for seed in Self.seeds {
            let (scenario, leader) = try Self.leaderByConsent(seed: seed)
            scenario.world.usurp()
            scenario.run(4)
            #expect(leader.server.process != .primary, "seed \(seed)")
            #expect(leader.agent?.lockEnd == .lost)
            #expect(scenario.world.checker.violation == nil)
        }
    }

    /// Of seed 158 471: the leader had seen longer timings, and was cut off before it wrote them.
    @Test func `consent to timings nobody wrote ends before an unheard holder's shorter ttl`() throws {
        for seed in Self.seeds {
            let scenario = Scenario(seed: seed, timings: .standard, failsafe: true)
            let (world, leader) = (scenario.world, try #require(scenario.leader))
            world.network.blockedToAPI[leader.node] += 1
            world.changeSettings { $0.configuration.timings = .tolerant }
            world.run(until: world.now + .milliseconds(50))
            world.network.blockedFromAPI[leader.node] += 1
            world.changeSettings { $0.configuration.timings = .standard }
            scenario.run(24)
            #expect(leader.agent?.view?.configuration.timings == .tolerant)
            #expect(leader.server.process == .primary && leader.agent?.held?.isByConsent == true)
            // Nobody can tell the leader.
            world.usurp()
            world.network.isolate(leader.node, 1)
            scenario.run(40)
            #expect(world.checker.roleChanges > 0, "nobody followed, seed \(seed)")
            #expect(world.checker.violation == nil, "seed \(seed)")
        }
    }

    @Test func `a member that started again in the absence agrees, and takes nothing before a whole ttl`() throws {
        for seed in Self.seeds {
            let scenario = Scenario(seed: seed, failsafe: true)
            let leader = try #require(scenario.leader)
            scenario.world.network.apiDown += 1
            scenario.run(15)
            for pod in scenario.replicas { pod.killAgent() }
            scenario.run(20)
            #expect(leader.server.process == .primary && leader.agent?.holdsLock == true, "seed \(seed)")
            scenario.world.network.apiDown -= 1
            scenario.run(12)
            #expect(scenario.world.checker.roleChanges == 0)
            #expect(scenario.world.checker.violation == nil)
        }
    }
}
