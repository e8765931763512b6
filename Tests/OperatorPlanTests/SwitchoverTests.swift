import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

@Suite struct SwitchoverTests {
    @Test func `a switchover is asked for once, followed, and reported with its outage`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        let request = world[store: "demo-failover"]
        #expect(request["leader"] == "demo-0" && request["member"] == "demo-1")
        #expect(try world.status.switchover?.phase == .inProgress)
        #expect(try world.condition(.switchoverCompleted) == "Unknown InProgress")
        #expect(try world.condition(.progressing) == "True SwitchoverInProgress")

        world.switchOver(to: 1, timeline: 2, outageMillis: 412)
        try world.settle()
        let state = try #require(try world.status.switchover)
        #expect(state.phase == .succeeded && state.from == "demo-0" && state.to == "demo-1")
        #expect(state.outageMillis == 412)
        #expect(try world.condition(.switchoverCompleted) == "True Completed")
        #expect(try world.status.lastFailover == nil)
        let events = world.takeEvents().map { $0.prefix { $0 != ":" } }
        #expect(events == ["SwitchoverStarted", "SwitchoverSucceeded", "PrimaryChanged"])
    }

    @Test func `a switchover that stood in the resource when it was made is not carried out, a new id is`() throws {
        // Deleted and made again from its file: the status that told of it is gone.
        var world = World(["switchover": ["id": "maintenance"]])
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "False FromCreation")
        world.run(3, leader: 0)
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(world.takeEvents().filter { $0.hasPrefix("SwitchoverFailed: FromCreation") }.count == 1)
        world.patch(["paused": false])
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
        world.patch(["switchover": ["id": "again"]])
        try world.settle()
        #expect(world[store: "demo-failover"]["leader"] == "demo-0")
    }

    @Test func `a switchover that a tool wrote before the operator's first look is not carried out`() throws {
        var world = World()
        world.run(3, leader: 0)
        world.patch(["switchover": ["candidate": "demo-1", "mode": "forced"]])
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(try world.condition(.switchoverCompleted) == "False FromCreation")
    }

    @Test func `the same content is not carried out again, a new id is`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        world.switchOver(to: 1, timeline: 2)
        try world.settle()
        // Somebody failed back by other means; the old request stays in the spec.
        world.run(3, leader: 0, timeline: 3)
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
        world.patch(["switchover": ["id": "again"]])
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-1")
    }

    @Test func `a request removed and put back unchanged is not carried out again`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        world.switchOver(to: 1, timeline: 2)
        try world.settle()
        world.patch(["switchover": nil])
        try world.settle()
        world.run(3, leader: 0, timeline: 3)
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
    }

    @Test func `an unknown candidate gives a condition and an Event, and nothing happens`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-7"]])
        let done = try world.settle()
        #expect(!done.contains { if case .writeStore = $0 { true } else { false } })
        #expect(try world.condition(.switchoverCompleted) == "False UnknownCandidate")
        let events = world.takeEvents()
        #expect(events.count == 1)
        #expect(events.first?.contains("demo-7 is not a member") == true)
        #expect(try world.condition(.ready) == "True Healthy")
    }

    @Test(arguments: [("demo-0", "True AlreadyPrimary"), ("demo-2", "False CandidateNotEligible")])
    func `what needs no hand-over or cannot have one ends at once`(_ candidate: String, _ condition: String) throws {
        var world = try World.running(spec: ["instanceOverrides": [["name": "demo-2", "tags": ["nofailover": true]]]])
        world.patch(["switchover": ["candidate": .string(candidate)]])
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(try world.condition(.switchoverCompleted) == condition)
    }

    @Test func `a member that is about to be removed is no candidate, except in need`() throws {
        var world = try World.running(3, leader: 1)
        world.patch(["instances": 1, "switchover": ["candidate": "demo-2"]])
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "False CandidateNotEligible")
        #expect(
            try world.status.switchover?.message
                == "demo-2 is about to be removed: spec.instances leaves the members up to demo-0")
        #expect(world[store: "demo-failover"]["member"] == "demo-0")
        world = try World.running(3, leader: 1)
        world[store: "demo-leader"] = ["leader": .null]
        world.patch(["instances": 1, "switchover": ["candidate": "demo-2", "mode": "forced"]])
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-2")
    }

    @Test func `a forced request is handed to the agents when nobody leads, and what it cost is said in three places`()
        throws
    {
        var world = try World.running()
        world[store: "demo-leader"] = ["leader": .null]
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
        world.patch(["switchover": ["mode": "forced"]])
        try world.settle()
        let request = world[store: "demo-failover"]
        #expect(request["member"] == "demo-1" && request["leader"] == nil)
        #expect(try world.condition(.switchoverCompleted) == "Unknown InProgress")
        _ = world.takeEvents()
        world.switchOver(to: 1, timeline: 2, loss: "WAL from 0/3E8 to 0/1388 is not on demo-1")
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "True CompletedAtLoss")
        #expect(try world.status.switchover?.message?.contains("WAL from 0/3E8 to 0/1388") == true)
        #expect(world.takeEvents().contains { $0.hasPrefix("DataMayBeLost: demo-1") && $0.contains("0/1388") })
    }

    @Test func `a switchover under way is followed while the spec is refused, and none is begun`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        let refused: JSONValue = ["ttl": 25, "loopWait": 10, "retryTimeout": 10]
        world.patch(["highAvailability": refused])
        try world.settle()
        world.switchOver(to: 1, timeline: 2)
        try world.settle()
        #expect(try world.condition(.configurationValid) == "False InvalidSpec")
        #expect(try world.condition(.switchoverCompleted) == "True Completed")
        #expect(try world.status.lastFailover == nil)
        world.patch(["switchover": ["candidate": "demo-0"]])
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
    }

    @Test func `a request waits for its time`() throws {
        var world = try World.running()
        world.patch(["switchover": ["notBefore": .string((world.now + .seconds(120)).description)]])
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(try world.condition(.switchoverCompleted) == "Unknown Scheduled")
        #expect(try world.planned().requeueAfter == .seconds(120))
        world.advance(120)
        try world.settle()
        #expect(world[store: "demo-failover"]["leader"] == "demo-0")
    }

    @Test func `a time that was missed has passed for good`() throws {
        var world = try World.running()
        let time = world.now + .seconds(120)
        world.patch(["switchover": ["notBefore": .string(time.description), "timeout": 60]])
        try world.settle()
        world.advance(180)
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(try world.condition(.switchoverCompleted) == "False Missed")
        #expect(
            try world.status.switchover?.message
                == "Its time was \(time), and nobody was there to begin within 60 s")
    }

    @Test func `a request that had to wait when its time came was not missed`() throws {
        var world = try World.running()
        let time = world.now + .seconds(120)
        world.patch(["switchover": ["notBefore": .string(time.description), "timeout": 60]])
        try world.settle()
        world[store: "demo-failover"] = ["leader": "demo-0"]
        world.advance(120)
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "Unknown Busy")
        world.advance(60)
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "False TimedOut")
        #expect(
            try world.status.switchover?.message == "Waits until another request is done; gave up after 60 s")
    }

    @Test(arguments: [true, false])
    func `a paused cluster schedules nothing`(_ isPausedFirst: Bool) throws {
        var world = try World.running()
        if isPausedFirst { world.patch(["paused": true]) }
        world.patch([
            "switchover": ["candidate": "demo-1", "notBefore": .string((world.now + .seconds(120)).description)]
        ])
        try world.settle()
        if !isPausedFirst {
            #expect(try world.condition(.switchoverCompleted) == "Unknown Scheduled")
            world.patch(["paused": true])
            try world.settle()
        }
        #expect(try world.condition(.switchoverCompleted) == "False Refused")
        #expect(try world.status.switchover?.message == "Can't schedule switchover in the paused state")
    }

    @Test(arguments: [("demo-0", "Unknown InProgress"), ("demo-2", "False LeaderChanged")])
    func `a request for one leader is for no other`(_ leader: String, _ condition: String) throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1", "leader": .string(leader)]])
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == condition)
        #expect(world[store: "demo-failover"].isEmpty == (leader != "demo-0"))
    }

    @Test func `a request that was taken up is followed beyond its timeout`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1", "timeout": 30]])
        try world.settle()
        let request = world[store: "demo-failover"]
        world.clearRequest()
        world.advance(31)
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "Unknown InProgress")
        // The result names the request that was taken off.
        world[store: "demo-failover"] = request
        world.switchOver(to: 1, timeline: 2)
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "True Completed")
        world.patch(["switchover": ["candidate": "demo-0", "timeout": 30]])
        try world.settle()
        world.clearRequest()
        world.advance(30 + 60)
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "False TimedOut")
        #expect(
            try world.status.switchover?.message
                == "The request was taken up, or taken off, and nobody has told what became of it")
    }

    @Test func `a request nobody carries out is withdrawn after its timeout`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1", "timeout": 30]])
        try world.settle()
        #expect(try world.planned().requeueAfter == .seconds(30))
        world.advance(30)
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "False TimedOut")
        #expect(world[store: "demo-failover"].isEmpty)
    }

    @Test func `a refusal by the agent is reported with its reason`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        let id = try #require(world[store: "demo-failover"]["matriarch.dev/request-id"])
        world.clearRequest()
        let result: JSONValue = ["id": id, "outcome": "failed", "reason": "demo-1 lags by 40 MiB"]
        world[store: "demo-config"] = ["matriarch.dev/switchover-result": .string(result.serialized())]
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "False Refused")
        #expect(try world.status.switchover?.message?.contains("demo-1 lags by 40 MiB") == true)
        #expect(try world.status.primary == "demo-0")
    }

    @Test func `an operator that died between store and status goes on instead of asking twice`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1"]])
        let plan = try world.planned()
        let write = try #require(plan.changes.first { if case .writeStore = $0 { true } else { false } })
        world.perform(write)
        let next = try world.settle()
        #expect(!next.contains { if case .writeStore = $0 { true } else { false } })
        #expect(try world.status.switchover?.phase == .inProgress)
    }

    @Test func `a completed switchover whose result was lost is seen by its effect`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        world.clearRequest()
        world.run(3, leader: 1, timeline: 2)
        world.advance(6)
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "True Completed")
    }

    @Test func `a planned switchover waits for a primary, a forced one does not`() throws {
        for (mode, isWritten) in [("planned", false), ("forced", true)] {
            var world = try World.running()
            world[store: "demo-leader"] = ["leader": .null]
            world.patch(["switchover": ["candidate": "demo-1", "mode": .string(mode)]])
            try world.settle()
            let request = world[store: "demo-failover"]
            #expect((request["member"] == "demo-1") == isWritten, "\(mode)")
            #expect(request["leader"] == nil)
        }
    }

    @Test func `while paused a switchover needs a candidate`() throws {
        var world = try World.running(spec: ["paused": true])
        world.patch(["switchover": ["id": "any"]])
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "False CandidateNeeded")
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-1")
    }

    @Test func `a request taken back is dropped while it waits and followed once it was handed over`() throws {
        var world = try World.running()
        world.patch(["switchover": ["notBefore": .string((world.now + .seconds(120)).description)]])
        try world.settle()
        world.patch(["switchover": nil])
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "False Withdrawn")
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        world.patch(["switchover": nil])
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "Unknown InProgress")
        world.switchOver(to: 1, timeline: 2)
        try world.settle()
        #expect(try world.condition(.switchoverCompleted) == "True Completed")
    }

    @Test func `a changed request replaces the one on its way, a stranger's is waited for`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        world.patch(["switchover": ["candidate": "demo-2"]])
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-2")
        world = try World.running()
        world[store: "demo-failover"] = ["leader": "demo-0", "member": "demo-2"]
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-2")
        #expect(try world.condition(.switchoverCompleted) == "Unknown Busy")
    }
}
