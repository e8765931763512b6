import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

@Suite struct ReinitializeTests {
    @Test func `a member is asked, followed, and its end is in status, condition and events`() throws {
        var world = try World.running()
        world.patch(["reinitialize": ["instance": "demo-2"]])
        try world.settle()
        let order = try #require(try world.reinitializeOrder())
        #expect(order["member"] == "demo-2" && order["force"] == false)
        #expect(try world.condition(.reinitializeCompleted) == "Unknown InProgress")
        #expect(try world.status.reinitialize?.startedAt == nil)

        try world.answerReinitialize("running", "copying from demo-0; the old data is kept as /x", percent: 40)
        try world.settle()
        var state = try #require(try world.status.reinitialize)
        #expect(state.phase == .inProgress && state.percent == 40 && state.startedAt == world.now)
        #expect(state.message == "demo-2: copying from demo-0; the old data is kept as /x")
        #expect(try world.reinitializeOrder() != nil)

        try world.answerReinitialize("succeeded", "reinitialized: the copy streams")
        try world.settle()
        state = try #require(try world.status.reinitialize)
        #expect(state.phase == .succeeded && state.percent == nil && state.finishedAt == world.now)
        #expect(try world.condition(.reinitializeCompleted) == "True Completed")
        #expect(try world.reinitializeOrder() == nil)
        #expect(
            world.takeEvents().map { String($0.prefix { $0 != ":" }) } == [
                "ReinitializeStarted", "ReinitializeSucceeded",
            ])
        #expect(try world.condition(.ready) == "True Healthy")
    }

    @Test func `what the member refuses is told in its words`() throws {
        var world = try World.running()
        world.patch(["reinitialize": ["instance": "demo-2"]])
        try world.settle()
        try world.answerReinitialize("refused", "demo-1 is being copied")
        try world.settle()
        #expect(try world.condition(.reinitializeCompleted) == "False Refused")
        #expect(try world.status.reinitialize?.message == "demo-2: demo-1 is being copied")
        #expect(try world.reinitializeOrder() == nil)
        #expect(world.takeEvents().contains("ReinitializeFailed: Refused: demo-2: demo-1 is being copied"))
    }

    @Test func `one that stood in the resource when it was made is not carried out, a new id is`() throws {
        var world = World(["reinitialize": ["instance": "demo-2"]])
        try world.settle()
        world.run(3, leader: 0)
        try world.settle()
        #expect(try world.reinitializeOrder() == nil)
        #expect(try world.condition(.reinitializeCompleted) == "False FromCreation")
        world.patch(["reinitialize": ["id": "again"]])
        try world.settle()
        #expect(try world.reinitializeOrder()?["member"] == "demo-2")
    }

    @Test func `the same content is not carried out again, a new id is`() throws {
        var world = try World.running()
        world.patch(["reinitialize": ["instance": "demo-2"]])
        try world.settle()
        let first = try #require(try world.reinitializeOrder()?["id"]?.stringValue)
        try world.answerReinitialize("succeeded", "")
        try world.settle()
        world.patch(["paused": false])
        try world.settle()
        #expect(try world.reinitializeOrder() == nil)
        world.patch(["reinitialize": ["id": "again", "force": true]])
        try world.settle()
        let second = try #require(try world.reinitializeOrder())
        #expect(second["id"]?.stringValue != first && second["force"] == true)
        // What it said of the one before is no answer to this one.
        #expect(try world.condition(.reinitializeCompleted) == "Unknown InProgress")
    }

    @Test func `content that was carried out before is a new order when something else was asked for meanwhile`() throws
    {
        var world = try World.running()
        var ids: [String] = []
        for member in ["demo-2", "demo-1", "demo-2"] {
            world.patch(["reinitialize": ["instance": .string(member)]])
            try world.settle()
            let order = try #require(try world.reinitializeOrder())
            #expect(order["member"]?.stringValue == member)
            ids.append(try #require(order["id"]?.stringValue))
            // Every plan asks for the same.
            world.advance(5)
            try world.settle()
            #expect(try world.reinitializeOrder()?["id"]?.stringValue == ids.last)
            // What it said of the one before is no answer.
            #expect(try world.condition(.reinitializeCompleted) == "Unknown InProgress")
            try world.answerReinitialize("succeeded", "")
            try world.settle()
            #expect(try world.condition(.reinitializeCompleted) == "True Completed")
        }
        #expect(Set(ids).count == 3, "\(ids)")
    }

    @Test func `a Pod that is away for a moment ends nothing, a member that is removed does`() throws {
        var world = try World.running()
        world.patch(["reinitialize": ["instance": "demo-2"]])
        try world.settle()
        try world.answerReinitialize("running", "copying")
        try world.settle()
        let pod = try #require(world.observed.pods.first { $0.metadata.name == "demo-2" })
        world.observed.pods.removeAll { $0.metadata.name == "demo-2" }
        try world.settle()
        #expect(try world.condition(.reinitializeCompleted) == "Unknown InProgress")
        #expect(try world.reinitializeOrder()?["member"] == "demo-2")
        world.observed.pods.append(pod)
        try world.answerReinitialize("succeeded", "")
        try world.settle()
        #expect(try world.condition(.reinitializeCompleted) == "True Completed")

        world.patch(["reinitialize": ["id": "again"]])
        try world.settle()
        #expect(try world.reinitializeOrder() != nil)
        world.observed.pods.removeAll { $0.metadata.name == "demo-2" }
        world.patch(["instances": 2])
        try world.settle()
        #expect(try world.condition(.reinitializeCompleted) == "False Failed")
    }

    @Test(arguments: [("demo-0", "Refused"), ("demo-7", "UnknownInstance")])
    func `the leader is not asked, nor who is no member`(_ instance: String, _ reason: String) throws {
        var world = try World.running()
        world.patch(["reinitialize": ["instance": .string(instance)]])
        try world.settle()
        #expect(try world.condition(.reinitializeCompleted) == "False \(reason)")
        #expect(try world.reinitializeOrder() == nil)
    }

    @Test func `who has not begun in time is asked no more, and who has begun has all the time it takes`() throws {
        var world = try World.running()
        world.patch(["reinitialize": ["instance": "demo-2", "timeout": 30]])
        try world.settle()
        #expect(try world.planned().requeueAfter == .seconds(30))
        world.advance(30)
        try world.settle()
        #expect(try world.condition(.reinitializeCompleted) == "False TimedOut")
        #expect(try world.reinitializeOrder() == nil)

        world.patch(["reinitialize": ["id": "again"]])
        try world.settle()
        try world.answerReinitialize("running", "copying")
        try world.settle()
        world.advance(86_400)
        try world.settle()
        #expect(try world.condition(.reinitializeCompleted) == "Unknown InProgress")
        // Its Pod is made anew, and has said nothing yet.
        try world.answerReinitialize(nil, "")
        world.advance(86_400)
        try world.settle()
        #expect(try world.condition(.reinitializeCompleted) == "Unknown InProgress")
        #expect(try world.reinitializeOrder() != nil)
    }

    @Test func `a request that is taken back is dropped`() throws {
        var world = try World.running()
        world.patch(["reinitialize": ["instance": "demo-2"]])
        try world.settle()
        world.patch(["reinitialize": .null])
        try world.settle()
        #expect(try world.reinitializeOrder() == nil)
        #expect(try world.condition(.reinitializeCompleted) == "False Withdrawn")
    }

    @Test func `it waits for a switchover, and no longer than its timeout`() throws {
        var world = try World.running()
        world[store: "demo-failover"] = ["leader": "demo-0", "matriarch.dev/request-id": "another"]
        world.patch(["reinitialize": ["instance": "demo-2", "timeout": 60]])
        try world.settle()
        #expect(try world.condition(.reinitializeCompleted) == "Unknown Busy")
        #expect(try world.reinitializeOrder() == nil)
        world.advance(60)
        try world.settle()
        #expect(try world.condition(.reinitializeCompleted) == "False TimedOut")
    }

    @Test func `a rollout ends no copy`() throws {
        var world = try World.running()
        world.patch(["reinitialize": ["instance": "demo-2"]])
        try world.settle()
        world.reportRevision("r2")
        try world.settle()
        #expect(world.observed.pods.count == 3)
        let message = try world.status.condition(.progressing)?.message
        #expect(message?.contains("3 of 3 members run an older Pod template; waits until demo-2 is copied") == true)
        try world.answerReinitialize("succeeded", "")
        try world.settle()
        #expect(world.observed.pods.count == 2)
    }

    @Test(arguments: [true, false])
    func `a rollout replaces the member whose copy gets nowhere, and no other one`(_ isDown: Bool) throws {
        var world = try World.running()
        world.patch(["reinitialize": ["instance": "demo-1"]])
        try world.settle()
        try world.answerReinitialize("running", "copying")
        world.reportRevision("r2")
        try world.settle()
        #expect(world.observed.pods.count == 3)
        // Somebody else's trouble.
        var other = world
        try other.trouble(of: 2, isDown: isDown)
        try other.settle()
        #expect(other.observed.pods.count == 3)
        // Something is wrong with it, and the copy gets on.
        var going = world
        try going.answerReinitialize("running", "copying", percent: 10)
        try going.trouble(of: 1, isDown: false)
        try going.settle()
        #expect(going.observed.pods.count == 3)
        try world.trouble(of: 1, isDown: isDown)
        try world.settle()
        #expect(world.observed.pods.compactMap(\.metadata.name) == ["demo-0", "demo-2"])
        #expect(try world.condition(.reinitializeCompleted) == "Unknown InProgress")
    }

    // MARK: Without being asked

    private static let wanted: JSONValue = ["highAvailability": ["reinitializeReplicasWithoutWAL": true]]

    @Test func `replicas whose WAL is gone are copied one after the other, where the spec wants that`() throws {
        var world = try World.running()
        try world.lackWAL(1)
        try world.lackWAL(2)
        try world.settle()
        // It is not asked for.
        #expect(try world.reinitializeOrder() == nil)
        world.patch(Self.wanted)
        try world.settle()
        let order = try #require(try world.reinitializeOrder())
        #expect(order["member"] == "demo-1" && order["missing_wal"] == true && order["force"] == false)
        #expect(try world.status.automaticReinitialize?.phase == .inProgress)
        #expect(
            world.takeEvents() == [
                "ReinitializeStarted: demo-1 lacks WAL from 0/3000000 on, which demo-0 has not any more; it is asked to copy the "
                    + "data anew"
            ])
        try world.answerReinitialize("running", "copying from demo-0", percent: 10)
        // A rollout leaves it alone, as any other.
        world.reportRevision("r2")
        try world.settle()
        #expect(world.observed.pods.count == 3)
        world.reportRevision("r1")
        try world.answerReinitialize("succeeded", "reinitialized: the copy streams")
        try world.lackWAL(1, from: nil)
        try world.settle()
        // The next one at once.
        #expect(try world.reinitializeOrder()?["member"] == "demo-2")
        #expect(try world.condition(.reinitializeCompleted) == "absent")
        #expect(try world.status.reinitialize == nil)
    }

    @Test func `one that fails is told, and nobody is asked again for an hour`() throws {
        var world = try World.running()
        world.patch(Self.wanted)
        try world.lackWAL(1)
        try world.lackWAL(2)
        try world.settle()
        let first = try #require(try world.reinitializeOrder())
        try world.answerReinitialize("refused", "there is no room for a copy beside the old data")
        try world.settle()
        #expect(try world.status.automaticReinitialize?.phase == .failed)
        #expect(try world.reinitializeOrder() == nil)
        #expect(
            world.takeEvents().contains(
                "ReinitializeFailed: Refused: demo-1: there is no room for a copy beside the old data"))
        world.advance(3599)
        try world.settle()
        #expect(try world.reinitializeOrder() == nil)
        world.advance(1)
        try world.settle()
        let second = try #require(try world.reinitializeOrder())
        #expect(second["member"] == "demo-1" && second["id"] != first["id"])
    }

    @Test func `a member that lacks WAL again was copied an hour ago at least`() throws {
        var world = try World.running()
        world.patch(Self.wanted)
        try world.lackWAL(1)
        try world.settle()
        try world.answerReinitialize("succeeded", "")
        try world.lackWAL(1, from: 0x0500_0000)
        try world.settle()
        #expect(try world.reinitializeOrder() == nil)
        world.advance(3600)
        try world.settle()
        #expect(try world.reinitializeOrder()?["member"] == "demo-1")
    }

    @Test func `the leader, a paused cluster and one whose lock nobody holds are left alone`() throws {
        var world = try World.running()
        world.patch(Self.wanted)
        try world.lackWAL(0)
        try world.settle()
        #expect(try world.reinitializeOrder() == nil)
        var paused = world
        paused.patch(["paused": true])
        try paused.settle()
        try paused.lackWAL(1)
        try paused.settle()
        #expect(try paused.reinitializeOrder() == nil)
        var leaderless = world
        leaderless[store: "demo-leader"] = ["leader": .null]
        try leaderless.lackWAL(1)
        try leaderless.settle()
        #expect(try leaderless.reinitializeOrder() == nil)
        try world.lackWAL(1)
        try world.settle()
        #expect(try world.reinitializeOrder()?["member"] == "demo-1")
        // It has not begun, and is called off; what has begun is not.
        var begun = world
        world.patch(["paused": true])
        try world.settle()
        #expect(try world.reinitializeOrder() == nil)
        #expect(try world.status.automaticReinitialize?.reason == "Withdrawn")
        try begun.answerReinitialize("running", "copying")
        try begun.settle()
        begun.patch(["paused": true])
        try begun.settle()
        #expect(try begun.reinitializeOrder() != nil)
    }

    @Test func `what a person asks for comes first, and is not carried out again after a copy nobody asked for`() throws
    {
        var world = try World.running()
        world.patch(Self.wanted)
        world.patch(["reinitialize": ["instance": "demo-2"]])
        try world.lackWAL(1)
        try world.settle()
        #expect(try world.reinitializeOrder()?["member"] == "demo-2")
        try world.answerReinitialize("succeeded", "")
        try world.settle()
        #expect(try world.reinitializeOrder()?["member"] == "demo-1")
        try world.answerReinitialize("succeeded", "")
        try world.lackWAL(1, from: nil)
        try world.settle()
        #expect(try world.reinitializeOrder() == nil)
        #expect(try world.condition(.reinitializeCompleted) == "True Completed")
        #expect(try world.status.reinitialize?.instance == "demo-2")
    }
}

extension World {
    /// What a replica says that the leader cannot give it any more.
    fileprivate mutating func lackWAL(_ ordinal: Int, from start: Int64? = 0x0300_0000) throws {
        var status = try JSONValue(parsing: observed.pods[ordinal].metadata.annotations?["status"] ?? "{}")
        status["missing_wal"] = start.map { .int($0) }
        observed.pods[ordinal].metadata.annotations?["status"] = status.serialized()
    }

    /// Its container does not run, or its agent says what is wrong.
    fileprivate mutating func trouble(of ordinal: Int, isDown: Bool) throws {
        observed.pods[ordinal].status?.conditions = []
        if isDown { observed.pods[ordinal].status?.containerStatuses = [] }
        guard !isDown else { return }
        var status = try JSONValue(parsing: observed.pods[ordinal].metadata.annotations?["status"] ?? "{}")
        status["problem"] = "no copy is made of demo-0"
        observed.pods[ordinal].metadata.annotations?["status"] = status.serialized()
    }

    fileprivate func reinitializeOrder() throws -> JSONValue? {
        try self[store: "demo-config"]["matriarch.dev/reinitialize"]?.stringValue.map { try JSONValue(parsing: $0) }
    }

    /// What the agent that is asked says.
    fileprivate mutating func answerReinitialize(_ outcome: String?, _ reason: String, percent: Int64? = nil) throws {
        guard let order = try reinitializeOrder(), let member = order["member"]?.stringValue,
            let index = observed.pods.firstIndex(where: { $0.metadata.name == member }),
            let text = observed.pods[index].metadata.annotations?["status"]
        else { return }
        var status = try JSONValue(parsing: text)
        status["reinitialize"] = outcome.map { outcome in
            var report: JSONValue = [
                "id": order["id"] ?? .null, "outcome": .string(outcome), "reason": .string(reason),
            ]
            if let percent { report["percent"] = .int(percent) }
            return report
        }
        observed.pods[index].metadata.annotations?["status"] = status.serialized()
    }
}
