import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

@Suite struct ScalingTests {
    @Test func `up is at once`() throws {
        var world = try World.running(3, leader: 0)
        world.patch(["instances": 5])
        try world.settle()
        #expect(world.replicas == 5)
        #expect(world.takeEvents() == ["ScaledUp: From 3 to 5 instances"])
        #expect(try world.condition(.ready) == "False MembersStarting")
    }

    @Test func `the agents learn how many members there are to be before the members are made`() throws {
        var world = try World.running(3, leader: 0)
        #expect(world[store: "demo-config"]["config"]?.stringValue?.contains(#""instances":3"#) == true)
        world.patch(["instances": 12])
        let changes = try world.planned().changes
        let store = try #require(
            changes.firstIndex {
                if case .writeStore(let write) = $0 { write.key.name == "demo-config" } else { false }
            })
        let set = try #require(
            changes.firstIndex {
                if case .apply(let key, _) = $0 { key.resource == StatefulSet.resource } else { false }
            })
        #expect(store < set)
        try world.settle()
        #expect(world[store: "demo-config"]["config"]?.stringValue?.contains(#""instances":12"#) == true)
    }

    @Test func `a size of one's own that is too small for more instances changes nothing and says what is needed`()
        throws
    {
        var world = try World.running(3, leader: 0, spec: ["postgresql": ["parameters": ["max_wal_senders": "7"]]])
        world.patch(["instances": 12])
        try world.settle()
        #expect(world.replicas == 3)
        #expect(world[store: "demo-config"]["config"]?.stringValue?.contains(#""instances":3"#) == true)
        #expect(try world.condition(.configurationValid) == "False InvalidSpec")
        let message = try #require(try world.status.condition(.configurationValid)?.message)
        #expect(
            message.contains("spec.postgresql.parameters.max_wal_senders: 7: must be at least 25 with 12 instances"))
    }

    @Test func `down with a primary that stays is at once and names the volumes kept`() throws {
        var world = try World.running(5, leader: 1)
        world.patch(["instances": 2])
        try world.settle()
        #expect(world.replicas == 2)
        let events = world.takeEvents()
        #expect(
            events == [
                "ScaledDown: From 5 to 2 instances",
                "VolumeKept: Volumes of removed members are kept: data-demo-2, data-demo-3, data-demo-4",
            ])
        #expect(try world.condition(.ready) == "False ScalingDown")
        world.run(2, leader: 1)
        try world.settle()
        #expect(try world.condition(.ready) == "True Healthy")
    }

    @Test func `a primary that would go hands over first to a member that stays`() throws {
        var world = try World.running(5, leader: 4)
        world.patch(["instances": 2])
        try world.settle()
        #expect(world.replicas == 5)
        #expect(world[store: "demo-failover"]["leader"] == "demo-4")
        #expect(world[store: "demo-failover"]["member"] == "demo-0")
        #expect(try world.condition(.progressing) == "True SwitchoverInProgress")
        world.switchOver(to: 0, timeline: 2)
        try world.settle()
        #expect(world.replicas == 2)
        #expect(try world.status.lastFailover == nil)
        #expect(try world.status.switchover == nil)
    }

    @Test func `the successor is healthy, may lead, and has the highest priority`() throws {
        var world = try World.running(
            4, leader: 3,
            spec: [
                "instanceOverrides": [
                    ["name": "demo-0", "tags": ["nofailover": true]],
                    ["name": "demo-2", "tags": ["failoverPriority": 5]],
                ]
            ])
        world.patch(["instances": 3])
        world.observed.pods[1] = world.member(1, role: "replica", isReady: false)
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-2")
    }

    @Test func `nobody to hand over to means waiting, not losing the primary`() throws {
        var world = try World.running(2, leader: 1)
        world.observed.pods[0] = world.member(0, role: "replica", state: "creating replica", isReady: false)
        world.patch(["instances": 1])
        try world.settle()
        #expect(world.replicas == 2)
        #expect(try world.condition(.progressing) == "True WaitingForCandidate")
        #expect(try world.planned().requeueAfter == .seconds(5))
    }

    @Test func `without a primary nobody is removed, for he may be the next one`() throws {
        var world = try World.running(3, leader: 0)
        world[store: "demo-leader"] = ["leader": .null]
        world.patch(["instances": 1])
        try world.settle()
        #expect(world.replicas == 3)
    }

    @Test(arguments: ["running", "crashed", "starting"])
    func `nor while the lock's holder does not run`(_ state: String) throws {
        var world = try World.running(3, leader: 0)
        world.observed.pods[0] = world.member(0, role: "replica", state: state, isReady: false)
        world.patch(["instances": 1])
        try world.settle()
        #expect(world.replicas == 3)
        #expect(try world.condition(.progressing) == "True ScalingDown")
        world.run(3, leader: 0, timeline: 2)
        try world.settle()
        #expect(world.replicas == 1)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let mode: String
        var down: [Int] = []
        var instances = 2
        let replicas: Int
    }

    static let rows: [Row] = [
        Row(testDescription: "the one that stays is up", mode: "quorum", replicas: 2),
        Row(testDescription: "the one that stays is down", mode: "quorum", down: [1], replicas: 3),
        Row(testDescription: "and only it is waited for", mode: "on", down: [1], replicas: 3),
        Row(testDescription: "nobody is up", mode: "quorum", down: [1, 2], replicas: 2),
        Row(testDescription: "no standby is to stay", mode: "quorum", instances: 1, replicas: 1),
        Row(testDescription: "commits wait for nobody", mode: "off", down: [1], replicas: 2),
    ]

    @Test(arguments: rows)
    func `the last standby commits could wait for is not taken away before another is up`(_ row: Row) throws {
        var world = try World.running(
            3, leader: 0, spec: ["highAvailability": ["synchronous": ["mode": .string(row.mode)]]])
        for ordinal in row.down {
            world.observed.pods[ordinal] = world.member(ordinal, role: "replica", isReady: false)
        }
        world.patch(["instances": JSONValue(row.instances)])
        try world.settle()
        #expect(world.replicas == row.replicas)
        world.observed.pods[1] = world.member(1, role: "replica")
        try world.settle()
        #expect(world.replicas == row.instances)
    }

    @Test func `a failed hand-over is tried again after half a minute under a new name`() throws {
        var world = try World.running(3, leader: 2)
        world.patch(["instances": 2])
        try world.settle()
        let first = try #require(world[store: "demo-failover"]["matriarch.dev/request-id"]?.stringValue)
        let result: JSONValue = ["id": .string(first), "outcome": "failed", "reason": "no"]
        world[store: "demo-config"] = ["matriarch.dev/switchover-result": .string(result.serialized())]
        world.clearRequest()
        try world.settle()
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(world.replicas == 3)
        world.advance(30)
        try world.settle()
        let second = try #require(world[store: "demo-failover"]["matriarch.dev/request-id"]?.stringValue)
        #expect(second != first)
    }

    @Test func `while paused the primary is not moved`() throws {
        var world = try World.running(3, leader: 2, spec: ["paused": true])
        world.patch(["instances": 2])
        try world.settle()
        #expect(world.replicas == 3)
        #expect(world[store: "demo-failover"].isEmpty)
    }

    @Test func `agents keep the right to label members that are still there`() throws {
        var world = try World.running(5, leader: 4)
        world.patch(["instances": 2])
        try world.settle()
        let role = try #require(world.observed.objects[ObjectKey(Role.resource, "demo")])
        let names = role["rules"]?.arrayValue?.first { $0["resources"] == ["pods"] && $0["resourceNames"] != nil }
        #expect(names?["resourceNames"]?.arrayValue?.count == 5)
    }
}
