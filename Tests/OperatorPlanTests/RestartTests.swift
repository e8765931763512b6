import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

@Suite struct RestartTests {
    @Test func `replicas are asked one after the other, the primary last, each when the one before is ready`() throws {
        var world = try World.running()
        world.patch(["restart": [:]])
        var asked: [String] = []
        for _ in 0..<3 {
            try world.settle()
            let order = try #require(try world.restartOrder())
            let member = try #require(order["member"]?.stringValue)
            asked.append(member)
            #expect(order["postmaster_start_time"]?.stringValue == "started \(member)")
            #expect(try world.condition(.restartCompleted) == "Unknown InProgress")
            try world.answerRestart(isReady: false)
            try world.settle()
            if asked.count < 3 { #expect(try world.restartOrder()?["member"]?.stringValue == member) }
            world.setReady(member)
        }
        #expect(asked == ["demo-1", "demo-2", "demo-0"])
        try world.settle()
        let state = try #require(try world.status.restart)
        #expect(state.phase == .succeeded && state.members?.map(\.phase) == [.restarted, .restarted, .restarted])
        #expect(try world.condition(.restartCompleted) == "True Completed")
        #expect(try world.restartOrder() == nil)
        let events = world.takeEvents().map { String($0.prefix { $0 != ":" }) }
        #expect(
            events == ["RestartStarted", "MemberRestarted", "MemberRestarted", "MemberRestarted", "RestartSucceeded"])
        #expect(try world.condition(.ready) == "True Healthy")
    }

    @Test func `a restart that stood in the resource when it was made is not carried out, a new id is`() throws {
        var world = World(["restart": [:]])
        try world.settle()
        world.run(3, leader: 0)
        try world.settle()
        #expect(try world.restartOrder() == nil)
        #expect(try world.condition(.restartCompleted) == "False FromCreation")
        world.patch(["restart": ["id": "again"]])
        try world.settle()
        #expect(try world.restartOrder()?["member"] == "demo-1")
    }

    @Test func `the same content is not carried out again, a new id is`() throws {
        var world = try World.running()
        world.patch(["restart": ["instances": ["demo-2"]]])
        try world.settle()
        try world.answerRestart()
        try world.settle()
        #expect(try world.condition(.restartCompleted) == "True Completed")
        world.patch(["paused": false])
        #expect(try world.settle().isEmpty == false)
        #expect(try world.restartOrder() == nil)
        world.patch(["restart": ["id": "again"]])
        try world.settle()
        #expect(try world.restartOrder()?["member"] == "demo-2")
    }

    @Test(
        arguments: [
            (["role": "primary"], ["demo-0"]), (["role": "replica"], ["demo-1", "demo-2"]),
            (["onlyPending": true], ["demo-2"]), (["instances": ["demo-0", "demo-1"]], ["demo-1", "demo-0"]),
            (["role": "primary", "onlyPending": true], []),
        ] as [(JSONValue, [String])])
    func `only who meets the conditions is asked`(_ request: JSONValue, _ expected: [String]) throws {
        var world = try World.running()
        world.setPendingRestart("demo-2")
        world.patch(["restart": request])
        var asked: [String] = []
        try world.settle()
        while let order = try world.restartOrder(), asked.count < 4 {
            asked.append(order["member"]?.stringValue ?? "")
            try world.answerRestart()
            try world.settle()
        }
        #expect(asked == expected)
        #expect(
            try world.condition(.restartCompleted) == (expected.isEmpty ? "True NothingToRestart" : "True Completed"))
    }

    @Test(
        arguments: [
            (["max_connections": ("300", "100")], ["demo-0", "demo-1", "demo-2"]),
            (["max_connections": ("100", "300")], ["demo-1", "demo-2", "demo-0"]),
            (
                ["max_connections": ("300", "100"), "max_worker_processes": ("8", "16")],
                ["demo-1", "demo-2", "demo-0"]
            ),
            (["shared_buffers": ("16384", "8192")], ["demo-1", "demo-2", "demo-0"]),
        ] as [([String: (String, String)], [String])])
    func `a limit that goes down goes down on the primary first, all else is found on a replica`(
        _ pending: [String: (String, String)], _ expected: [String]
    ) throws {
        var world = try World.running()
        for member in expected { world.setPendingRestart(member, pending) }
        world.patch(["restart": ["onlyPending": true]])
        var asked: [String] = []
        try world.settle()
        while let order = try world.restartOrder(), asked.count < 4 {
            let member = order["member"]?.stringValue ?? ""
            asked.append(member)
            world.setPendingRestart(member, [:])
            try world.answerRestart()
            try world.settle()
        }
        #expect(asked == expected)
        #expect(try world.condition(.restartCompleted) == "True Completed")
    }

    @Test func `nothing goes on after a failure`() throws {
        var world = try World.running()
        world.patch(["restart": [:]])
        try world.settle()
        try world.answerRestart(outcome: "failed", reason: "restart failed: no memory")
        try world.settle()
        #expect(try world.condition(.restartCompleted) == "False Failed")
        #expect(try world.status.restart?.message == "demo-1: restart failed: no memory")
        #expect(try world.restartOrder() == nil)
        #expect(world.takeEvents().contains { $0.hasPrefix("RestartFailed") })
    }

    /// As the agents read it: the member would restart once more for such an answer, so it has not restarted yet.
    @Test func `an answer nobody can read is none`() throws {
        var world = try World.running()
        world.patch(["restart": ["timeout": 30]])
        try world.settle()
        try world.answerRestart(outcome: "perhaps", reason: "")
        try world.settle()
        #expect(try world.condition(.restartCompleted) == "Unknown InProgress")
        #expect(try world.restartOrder() != nil)
    }

    @Test func `a member that does not come back in time ends the request`() throws {
        var world = try World.running()
        world.patch(["restart": ["timeout": 30]])
        try world.settle()
        #expect(try world.planned().requeueAfter == .seconds(30))
        world.advance(30)
        try world.settle()
        #expect(try world.condition(.restartCompleted) == "False TimedOut")
        #expect(try world.status.restart?.members?.map(\.phase) == [.waiting, .failed, .waiting])
        #expect(try world.restartOrder() == nil)
    }

    @Test func `a scheduled restart waits for its time and passes over who has restarted meanwhile`() throws {
        var world = try World.running()
        world.patch(["restart": ["role": "replica", "notBefore": .string((world.now + .seconds(120)).description)]])
        try world.settle()
        #expect(try world.condition(.restartCompleted) == "Unknown Scheduled")
        #expect(try world.planned().requeueAfter == .seconds(120))
        #expect(try world.restartOrder() == nil)
        world.setStartTime("demo-1", "later")
        world.advance(120)
        try world.settle()
        #expect(try world.restartOrder()?["member"] == "demo-2")
        try world.answerRestart()
        try world.settle()
        #expect(try world.status.restart?.members?.map(\.phase) == [.skipped, .skipped, .restarted])
    }

    @Test(arguments: [true, false])
    func `a restart that had to wait when its time came was not missed`(_ isBusy: Bool) throws {
        var world = try World.running()
        let time = world.now + .seconds(120)
        world.patch(["restart": ["notBefore": .string(time.description), "timeout": 60]])
        try world.settle()
        if isBusy {
            world[store: "demo-failover"] = ["leader": "demo-0", "matriarch.dev/request-id": "another"]
            world.advance(120)
            try world.settle()
            #expect(try world.condition(.restartCompleted) == "Unknown Busy")
            world.advance(60)
        } else {
            world.advance(180)
        }
        try world.settle()
        #expect(try world.condition(.restartCompleted) == "False \(isBusy ? "TimedOut" : "Missed")")
        #expect(
            try world.status.restart?.message
                == (isBusy
                    ? "Waits until a switchover is done and the cluster has data; gave up after 60 s"
                    : "Its time was \(time), and nobody was there to begin within 60 s"))
    }

    @Test func `while paused a scheduled restart is refused, another one is carried out`() throws {
        var world = try World.running(spec: ["paused": true])
        world.patch(["restart": ["notBefore": .string((world.now + .seconds(120)).description)]])
        try world.settle()
        #expect(try world.condition(.restartCompleted) == "False Refused")
        world.patch(["restart": ["notBefore": .null]])
        try world.settle()
        #expect(try world.restartOrder()?["member"] == "demo-1")
    }

    @Test func `an unknown instance is refused, and a request taken back is dropped`() throws {
        var world = try World.running()
        world.patch(["restart": ["instances": ["demo-2", "demo-7"]]])
        try world.settle()
        #expect(try world.condition(.restartCompleted) == "False UnknownInstance")
        world.patch(["restart": ["instances": ["demo-2"]]])
        try world.settle()
        #expect(try world.restartOrder() != nil)
        world.patch(["restart": .null])
        try world.settle()
        #expect(try world.restartOrder() == nil)
        #expect(try world.condition(.restartCompleted) == "False Withdrawn")
    }

    @Test func `a request taken back together with a change of parameters leaves no order behind`() throws {
        var world = try World.running()
        world.patch(["restart": [:]])
        try world.settle()
        #expect(try world.restartOrder() != nil)
        world.patch(["restart": .null, "postgresql": ["parameters": ["work_mem": "8MB"]]])
        try world.settle()
        #expect(try world.restartOrder() == nil)
        #expect(try world.condition(.restartCompleted) == "False Withdrawn")
    }

    @Test func `neither a switchover nor a rollout takes a member away meanwhile`() throws {
        var world = try World.running()
        world.patch(["restart": [:]])
        try world.settle()
        world.patch(["switchover": ["candidate": "demo-1"]])
        world.reportRevision("r2")
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(try world.condition(.switchoverCompleted) == "Unknown Busy")
        #expect(world.observed.pods.count == 3)
    }
}

extension World {
    fileprivate func restartOrder() throws -> JSONValue? {
        try self[store: "demo-config"]["matriarch.dev/restart"]?.stringValue.map { try JSONValue(parsing: $0) }
    }

    /// The agent that is asked does it, or says why not.
    fileprivate mutating func answerRestart(
        outcome: String = "succeeded", reason: String = "restarted successfully", isReady: Bool = true
    ) throws {
        guard let order = try restartOrder(), let member = order["member"]?.stringValue else { return }
        change(member) {
            $0["restart"] = ["id": order["id"] ?? .null, "outcome": .string(outcome), "reason": .string(reason)]
            $0["postmaster_start_time"] = "restarted"
            $0["pending_restart"] = nil
        }
        if !isReady { setReady(member, false) }
    }

    fileprivate mutating func setStartTime(_ member: String, _ time: String) {
        change(member) { $0["postmaster_start_time"] = .string(time) }
    }

    fileprivate mutating func setPendingRestart(_ member: String) {
        change(member) { $0["pending_restart"] = true }
    }

    fileprivate mutating func setPendingRestart(_ member: String, _ settings: [String: (String, String)]) {
        change(member) {
            $0["pending_restart"] = .bool(!settings.isEmpty)
            $0["pending_restart_reason"] = .object(
                settings.mapValues { ["old_value": .string($0.0), "new_value": .string($0.1)] })
        }
    }

    fileprivate mutating func setReady(_ member: String, _ isReady: Bool = true) {
        guard let index = observed.pods.firstIndex(where: { $0.metadata.name == member }) else { return }
        observed.pods[index].status?.conditions = [PodCondition(type: "Ready", status: isReady ? "True" : "False")]
    }

    private mutating func change(_ member: String, _ change: (inout JSONValue) -> Void) {
        guard let index = observed.pods.firstIndex(where: { $0.metadata.name == member }),
            let text = observed.pods[index].metadata.annotations?["status"],
            var status = try? JSONValue(parsing: text)
        else { return }
        change(&status)
        observed.pods[index].metadata.annotations?["status"] = status.serialized()
    }
}
