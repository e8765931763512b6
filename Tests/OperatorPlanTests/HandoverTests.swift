import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// The operator's own hand-overs are followed to their end, whatever becomes of the reason for them.
@Suite struct HandoverTests {
    /// demo-2 leads and is to be removed: it was asked to hand over.
    private func handingOver() throws -> World {
        var world = try World.running(3, leader: 2)
        world.patch(["instances": 2])
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-0")
        #expect(try world.status.handover?.phase == .inProgress)
        _ = world.takeEvents()
        return world
    }

    @Test(
        arguments: [
            ["instances": 3], ["paused": true], ["highAvailability": ["ttl": 25, "loopWait": 10, "retryTimeout": 10]],
        ] as [JSONValue])
    func `one that is not wanted any more is withdrawn when nobody carries it out`(_ change: JSONValue) throws {
        var world = try handingOver()
        world.patch(change)
        try world.settle()
        #expect(try world.status.handover?.phase == .inProgress)
        #expect(try world.planned().requeueAfter == .seconds(60))
        world.advance(60)
        try world.settle()
        #expect(try world.status.handover?.reason == "TimedOut")
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(world.takeEvents().contains("SwitchoverFailed: TimedOut: Not done after 60 s; withdrawn"))
        #expect(world.replicas == 3)
    }

    @Test func `one that is not wanted any more and is carried out all the same is told as such`() throws {
        var world = try handingOver()
        world.patch(["instances": 3])
        try world.settle()
        world.switchOver(to: 0, timeline: 2)
        try world.settle()
        #expect(try world.status.handover?.phase == .succeeded)
        #expect(try world.status.lastFailover == nil)
        let events = world.takeEvents().map { String($0.prefix { $0 != ":" }) }
        #expect(events == ["SwitchoverSucceeded", "PrimaryChanged"])
    }

    @Test func `nothing else takes a member away or moves the primary meanwhile`() throws {
        var world = try handingOver()
        // The agent has taken the request off and is about to stop its server.
        world.clearRequest()
        world.patch(["switchover": ["candidate": "demo-1"], "restart": [:]])
        world.reportRevision("r2")
        try world.settle()
        #expect(world.observed.pods.count == 3)
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(try world.condition(.switchoverCompleted) == "Unknown Busy")
        #expect(try world.condition(.restartCompleted) == "Unknown Busy")
    }

    @Test func `the old primary is not removed before it has told what became of it`() throws {
        var world = try handingOver()
        world.clearRequest()
        world.run(3, leader: 0, timeline: 2)
        try world.settle()
        #expect(world.replicas == 3)
        // It has not: who leads shows it.
        world.advance(6)
        try world.settle()
        #expect(try world.status.handover?.phase == .succeeded)
        #expect(world.replicas == 2)
    }

    @Test func `one asked for by an operator that died before it noted it is taken up`() throws {
        var world = try World.running(3, leader: 2)
        world.patch(["instances": 2])
        let write = try #require(
            try world.planned().changes.first {
                if case .writeStore(let write) = $0 { write.key.name == "demo-failover" } else { false }
            })
        world.perform(write)
        world.observed.pods[0] = world.member(0, role: "replica", isReady: false)
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-0")
        let handover = try #require(try world.status.handover)
        #expect(handover.phase == .inProgress && handover.to == "demo-0")
    }
}
