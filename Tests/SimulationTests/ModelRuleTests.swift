import HighAvailability
import Testing
import Units

@testable import Simulation

/// What the model once had wrong, and called right runs of the product wrong for.
@Suite struct ModelRuleTests {
    /// Seed 391 172: the agent gives no vote then, because only a running server finds the end of its WAL.
    @Test func `only a standby that runs, or a primary that was stopped in order, knows its end`() throws {
        let scenario = Scenario()
        let leader = try #require(scenario.leader)
        let standbys = scenario.replicas
        #expect(standbys.allSatisfy { $0.agent?.knowsItsEnd == true })
        #expect(leader.agent?.knowsItsEnd == false)
        for pod in scenario.world.pods { pod.frozenAgent += 1 }
        standbys[0].server.kill()
        standbys[1].server.stopFast { _ in }
        leader.server.stopFast { _ in }
        scenario.run(1)
        #expect(standbys.allSatisfy { !$0.server.hasPostmaster && $0.agent?.knowsItsEnd == false })
        #expect(!leader.server.hasPostmaster && leader.agent?.knowsItsEnd == true)
        leader.server.isClean = false
        #expect(leader.agent?.knowsItsEnd == false)
    }

    /// Seed 746 168.
    @Test func `a freeze that ends lets nothing go on that stands still for another reason`() throws {
        let scenario = Scenario()
        let pod = try #require(scenario.replicas.first)
        pod.server.kill()
        scenario.world.begin(Fault(start: 0, duration: .seconds(3), kind: .freezeServer(member: pod.member)))
        pod.killContainer()
        scenario.run(2)
        #expect(pod.isRunning && pod.frozenServer == 0)
        scenario.world.begin(Fault(start: 0, duration: .seconds(10), kind: .freezePod(member: pod.member)))
        scenario.run(2)
        #expect(pod.frozenServer == 0)
        #expect(pod.isFrozen(.server) && pod.isFrozen(.agent) && pod.isFrozen(.initProcess))
    }

    /// Seeds 270 543 and 302 638: names decided on what a lost write may change yet no longer meet it.
    @Test func `a primary that restarts writes its record over a write that may still land`() throws {
        for mayStillLand in [true, false] {
            let scenario = Scenario(synchronous: SynchronousPolicy(mode: .on))
            let world = scenario.world
            let leader = try #require(scenario.leader)
            // Its checkpointer has to know first that commits wait.
            var time = world.now
            while world.api.synchronous?.canElect != true || leader.agent?.mayRecordStillLand != false {
                time += .milliseconds(100)
                try #require(time < .seconds(50))
                world.run(until: time)
            }
            let before = try #require(world.api.synchronous)
            leader.agent?.mayRecordStillLand = mayStillLand
            let life = leader.server.life
            world.begin(Fault(start: 0, duration: .seconds(20), kind: .restart(member: leader.member)))
            while leader.server.life == life || leader.server.process != .primary {
                time += .milliseconds(1)
                try #require(time < .seconds(80))
                world.run(until: time)
            }
            // Before its first commit is possible.
            let after = try #require(world.api.synchronous)
            #expect(after.meansTheSame(as: before))
            #expect((after.version != before.version) == mayStillLand)
            #expect(leader.agent?.mayRecordStillLand == false && world.checker.violation == nil)
        }
    }
}
