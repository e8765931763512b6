import HighAvailability
import Testing
import Units

@testable import Simulation

@Suite struct PostgresModelTests {
    @Test func `FIRST waits for the first of the list that are connected`() {
        let rule = SynchronousRule.first(1, [2, 0])
        #expect(!rule.isSatisfied(at: 100, by: [(member: 0, position: 100), (member: 2, position: 99)]))
        #expect(rule.isSatisfied(at: 100, by: [(member: 0, position: 0), (member: 2, position: 100)]))
        #expect(rule.isSatisfied(at: 100, by: [(member: 0, position: 100)]))
        #expect(!rule.isSatisfied(at: 100, by: [(member: 1, position: 100)]))
        #expect(!SynchronousRule.first(2, [2, 0]).isSatisfied(at: 100, by: [(member: 2, position: 100)]))
    }

    @Test func `ANY waits for as many as it says, whoever they are`() {
        let rule = SynchronousRule.any(2, [0, 1, 2])
        #expect(!rule.isSatisfied(at: 7, by: [(member: 0, position: 7), (member: 1, position: 6)]))
        #expect(rule.isSatisfied(at: 7, by: [(member: 0, position: 7), (member: 2, position: 9)]))
        #expect(SynchronousRule.none.isSatisfied(at: 7, by: []))
    }

    @Test func `a commit that waits for a standby is told to nobody until it confirms, and never after a kill`() throws
    {
        let scenario = Scenario()
        let leader = try #require(scenario.leader)
        leader.server.apply(SynchronousRule.any(1, scenario.replicas.map(\.member)))
        leader.server.commitsWait = true
        scenario.world.network.replicationDelay = [.seconds(3), .seconds(3), .seconds(3)]
        scenario.run(4)
        var told: [Bool] = []
        leader.server.commit(size: 500) { told.append($0) }
        let position = leader.server.flushed
        scenario.run(1)
        #expect(told.isEmpty)
        #expect(leader.server.flushed >= position)
        leader.server.kill()
        scenario.run(10)
        #expect(told.isEmpty)
        // As in PostgreSQL: it was never confirmed, and after the crash it is there.
        #expect(leader.server.flushed >= position)
    }

    @Test func `a fast shutdown ships its checkpoint to every connected standby`() throws {
        let scenario = Scenario()
        let leader = try #require(scenario.leader)
        let replicas = scenario.replicas
        var isClean: Bool?
        leader.server.stopFast { isClean = $0 }
        // What the agent does next is not this test's business.
        scenario.world.run(until: scenario.world.now + .milliseconds(90))
        #expect(isClean == true)
        for replica in replicas { #expect(replica.server.flushed >= leader.server.checkpoint + 120) }
    }

    @Test func `a backend that outlives its postmaster can still tell its client, until it is killed`() throws {
        for kills in [false, true] {
            let scenario = Scenario()
            let leader = try #require(scenario.leader)
            leader.frozenAgent = 1
            let before = scenario.world.checker.acknowledgements
            leader.server.killPostmaster()
            if kills { leader.server.kill() }
            scenario.run(5)
            #expect(scenario.world.checker.acknowledgements == before + (kills ? 0 : 1))
        }
    }

    @Test func `a killed standby keeps what it flushed, not what it only received`() {
        let world = Scenario().world
        let standby = world.pods.first { $0.server.process == .standby }?.server
        standby?.received += 5000
        let flushed = standby?.flushed
        standby?.kill()
        #expect(standby?.received == flushed)
        #expect(standby?.isClean == false)
    }

    @Test func `a promotion forks the log, and two promotions from one place only share a number`() {
        var log = WriteAheadLog()
        _ = log.write(0, from: 0, to: 1000)
        let first = log.fork(from: 0, at: 1000)
        let second = log.fork(from: 0, at: 1000)
        #expect(log.branches[first].timeline == 2 && log.branches[second].timeline == 2)
        #expect(log.contains(first, 1500, 0, 1000))
        #expect(!log.contains(first, 1500, 0, 1001))
        #expect(!log.contains(first, 1500, second, 1100))
        // PostgreSQL cannot tell them apart.
        #expect(log.looksFollowable(2, 1100, by: second, at: 2000))
        #expect(!log.looksFollowable(1, 1001, by: second, at: 2000))
        #expect(log.branch(of: first, at: 1000) == 0)
    }

    @Test func `two servers that write on at one place part without a new number`() {
        var log = WriteAheadLog()
        let first = log.write(0, from: 0, to: 1000)
        let second = log.write(0, from: 1000, to: 1500)
        #expect(first == 0 && second == 0)
        let copy = log.write(0, from: 1000, to: 1200)
        #expect(copy != 0)
        #expect(log.branches[copy].timeline == 1)
    }
}
