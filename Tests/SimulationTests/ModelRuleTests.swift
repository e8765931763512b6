import HighAvailability
import Testing
import Units

@testable import AgentShell
@testable import Simulation

/// What the model once had wrong, and called right runs of the product wrong for.
@Suite struct ModelRuleTests {
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
            let agent = try #require(leader.agent)
            // Its checkpointer has to know first that commits wait.
            try scenario.run(every: .milliseconds(100), before: .seconds(50)) {
                world.api.synchronous?.canElect == true && !scenario.doubtsRecord(agent)
            }
            let before = try #require(world.api.synchronous)
            if mayStillLand { scenario.tell(agent) { $0.doubtRecord() } }
            let life = leader.server.life
            world.begin(Fault(start: 0, duration: .seconds(20), kind: .restart(member: leader.member)))
            try scenario.run(every: .milliseconds(1), before: .seconds(80)) {
                leader.server.life != life && leader.server.process == .primary
            }
            // Before its first commit is possible.
            let after = try #require(world.api.synchronous)
            #expect(after.meansTheSame(as: before))
            #expect((after.version != before.version) == mayStillLand)
            #expect(!scenario.doubtsRecord(agent) && world.checker.violation == nil)
        }
    }
}

extension AgentLoop {
    var doubtsRecord: Bool { synchronous.mayRecordStillLand }
    /// A write of the record was not answered.
    func doubtRecord() { synchronous.noteWriteBegins() }
}

extension Scenario {
    /// Has an agent's loop do something, as an event of the world.
    func tell(_ agent: AgentLife, _ work: @escaping @Sendable (isolated AgentLoop) -> Void) {
        guard let loop = agent.loop else { return }
        agent.clock.start { await work(loop) }
        world.run(until: world.now + .milliseconds(2))
    }

    func doubtsRecord(_ agent: AgentLife) -> Bool {
        nonisolated(unsafe) var answer = true
        tell(agent) { answer = $0.doubtsRecord }
        return answer
    }
}
