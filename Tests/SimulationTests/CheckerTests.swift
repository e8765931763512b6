import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesModels
import PostgresConfiguration
import Testing
import Units

@testable import Simulation

/// The checks must catch what they are for: each test breaks one thing that keeps a guarantee.
@Suite struct CheckerTests {
    private func violation(_ scenario: Scenario) -> Invariant? {
        scenario.world.run(until: scenario.world.plan.end)
        return scenario.world.checker.violation?.invariant
    }

    private func frozenLeader(_ seed: UInt64) -> Scenario {
        let scenario = Scenario(seed: seed)
        scenario.leader?.frozenAgent = 1
        return scenario
    }

    @Test func `a frozen agent under a working fence breaks nothing but being whole`() {
        let scenario = frozenLeader(4)
        scenario.run(40)
        #expect(scenario.world.checker.violation == nil)
        #expect(scenario.world.checker.promotions == 1)
    }

    @Test func `without a fence a frozen agent's PostgreSQL acknowledges after the next promotion`() {
        let scenario = frozenLeader(4)
        let old = scenario.leader
        scenario.always(every: 50_000) { old?.fence = nil }
        #expect(violation(scenario) == .acknowledgedAfterPromotion)
    }

    @Test func `a server that becomes primary with no fence above it is found`() {
        let scenario = Scenario()
        scenario.replicas.first?.server.promote { _ in }
        #expect(violation(scenario) == .promotionWithoutLock)
    }

    @Test func `an agent that takes a lock another still holds is found`() throws {
        let scenario = Scenario()
        let candidate = try #require(scenario.replicas.first?.agent)
        scenario.world.write(candidate.identity, over: try #require(scenario.world.api.lock))
        #expect(violation(scenario) == .twoHolders)
    }

    @Test func `a holder that lets go while its primary runs is one still`() throws {
        let scenario = Scenario()
        let (leader, timings) = (try #require(scenario.leader), scenario.world.plan.timings)
        let candidate = try #require(scenario.replicas.first?.agent)
        leader.agent?.desk?.step { $0.beginRelease(at: $1, timings) }
        #expect(leader.agent?.isReleasing == true)
        scenario.world.write(candidate.identity, over: try #require(scenario.world.api.lock))
        #expect(violation(scenario) == .twoHolders)
    }

    @Test func `a copy over data that is there is found`() throws {
        let scenario = Scenario()
        let (pod, leader) = (try #require(scenario.replicas.first), try #require(scenario.leader))
        let agent = try #require(pod.agent)
        let source = Upstream(member: scenario.world.name(leader.member), host: leader.address, port: 5432, slot: nil)
        pod.server.kill()
        agent.clock.start { try? await WorldServer(agent).clone(from: source, deadline: .seconds(5)) }
        #expect(violation(scenario) == .dataIsKept)
    }

    @Test func `a label that nobody keeps is found when everything else is well`() {
        let scenario = Scenario()
        scenario.always(every: 10_000) {
            for member in 0..<3 { scenario.world.api.pods[member]?.isLabelledPrimary = false }
        }
        #expect(violation(scenario) == .notWhole)
    }

    @Test func `a route that leads nowhere is found when everything else is well`() {
        let scenario = Scenario()
        scenario.always(every: 10_000) { scenario.world.deleteRoute() }
        #expect(violation(scenario) == .notWhole)
    }

    @Test func `a route that goes back to a leader of the past is found`() throws {
        let scenario = Scenario()
        let lock = try #require(scenario.world.api.lock)
        var former = lock
        former.epoch -= 1
        let reign = try #require(Reign(former))
        let name = AgentLife.scope.routeSlice(.ipv4)
        var slice = try #require(scenario.world.objects.slices[name])
        let version = slice.value(at: "metadata", "resourceVersion")?.stringValue
        var metadata = try #require(slice["metadata"])
        metadata["annotations"] = [StoreKey.reign: .string(reign.description)]
        slice["metadata"] = metadata
        scenario.world.tell(.slice(name, try scenario.world.objects.writeSlice(name, slice, over: version)))
        #expect(violation(scenario) == .routeWentBack)
    }

    @Test func `a lost commit is counted, and in a synchronous mode it is a violation`() {
        var log = WriteAheadLog()
        _ = log.write(0, from: 0, to: 1000)
        var checker = Checker(isSynchronous: false)
        checker.acknowledge(0, 900, at: 1)
        checker.acknowledge(0, 1000, at: 2)
        let (reign, missing) = checker.beginReign(of: 1, log, 0, 950)
        #expect(reign == 1)
        #expect(missing.map(\.position) == [1000])
        #expect(checker.lost == 1)
    }
}
