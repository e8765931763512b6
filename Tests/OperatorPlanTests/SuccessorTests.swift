import HighAvailability
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing
import Units

/// The primary's agent hands over in order to members of the synchronous record only.
@Suite struct SuccessorTests {
    private func world(
        _ instances: Int, leader: Int, mode: String = "on", isStrict: Bool = false, overrides: JSONValue = []
    ) throws -> World {
        try World.running(
            instances, leader: leader,
            spec: [
                "highAvailability": ["synchronous": ["mode": .string(mode), "strict": .bool(isStrict)]],
                "instanceOverrides": overrides,
            ])
    }

    @Test func `a rollout ends with a hand-over to the synchronous standby, whichever name comes first`() throws {
        var world = try world(3, leader: 0)
        world.run(3, leader: 0, revision: "r2")
        world.observed.pods[0] = world.member(0, role: "primary")
        world.record(leader: 0, "demo-2")
        world.reportRevision("r2")
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-2")
    }

    @Test func `scaling down, commits first wait for a member that stays, and that one takes over`() throws {
        var world = try world(5, leader: 4)
        world.record(leader: 4, "demo-3")
        world.patch(["instances": 2])
        try world.settle()
        #expect(world.replicas == 5)
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(try world.condition(.progressing) == "True WaitingForCandidate")
        #expect(
            try world.status.condition(.progressing)?.message
                == "No member could take over from demo-4 now: it hands over to a synchronous standby only, and those "
                + "are demo-3")
        #expect(try world.tags() == ["demo-0": ["sync_priority": 1001], "demo-1": ["sync_priority": 1001]])
        #expect(try world.planned().requeueAfter == .seconds(5))
        // The primary's agent has followed.
        world.record(leader: 4, "demo-1")
        try world.settle()
        #expect(world[store: "demo-failover"]["leader"] == "demo-4")
        #expect(world[store: "demo-failover"]["member"] == "demo-1")
        world.switchOver(to: 1, timeline: 2)
        try world.settle()
        #expect(world.replicas == 2)
        #expect(try world.tags() == [:])
    }

    @Test func `with what the agents are told then, the primary picks a member that stays`() throws {
        var world = try world(5, leader: 4)
        world.record(leader: 4, "demo-3")
        world.patch(["instances": 2])
        try world.settle()
        let told = try world.tags()
        let candidates = (0..<4).map { ordinal in
            let priority = told["demo-\(ordinal)"]?["sync_priority"]?.intValue ?? 1
            return SynchronousCandidate(
                name: "demo-\(ordinal)", position: LSN(rawValue: ordinal == 3 ? 5000 : 1000),
                tags: MemberTags(synchronousPriority: priority), zone: ordinal == 3 ? "there" : "here")
        }
        let picked = pickSynchronousStandbys(
            candidates, policy: SynchronousPolicy(mode: .on), current: ["demo-3"], leaderZone: "here")
        #expect(picked == ["demo-0"])
    }

    @Test func `who may not lead or confirm is neither preferred nor chosen, and the others keep their order`() throws {
        var world = try world(
            5, leader: 4,
            overrides: [
                ["name": "demo-0", "tags": ["nosync": true]], ["name": "demo-1", "tags": ["syncPriority": 7]],
                ["name": "demo-2", "tags": ["failoverPriority": 0]],
            ])
        world.record(leader: 4, "demo-0,demo-2")
        world.patch(["instances": 4])
        try world.settle()
        #expect(
            try world.tags() == [
                "demo-0": ["nosync": true], "demo-1": ["sync_priority": 1007], "demo-2": ["failover_priority": 0],
                "demo-3": ["sync_priority": 1001],
            ])
        #expect(world[store: "demo-failover"].isEmpty)
        world.record(leader: 4, "demo-0,demo-1,demo-2")
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-1")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var mode = "on"
        var isStrict = false
        /// Leader and standbys; nil: no record.
        var record: (leader: Int, standbys: String)?
        /// Members that are not ready.
        var down: [Int] = []
        /// Whom a scale-down from 5 to 3 with demo-4 as primary goes to; nil: it waits.
        let candidate: String?
        var isPreferenceTold = true
    }

    static let rows: [Row] = [
        Row(
            testDescription: "mode off, with what was recorded before", mode: "off", record: (4, "demo-3"),
            candidate: "demo-0", isPreferenceTold: false),
        Row(testDescription: "nothing recorded", candidate: "demo-0"),
        Row(testDescription: "the record of the primary before", record: (3, "demo-0,demo-1"), candidate: nil),
        Row(testDescription: "no standby left", record: (4, ""), candidate: nil),
        Row(testDescription: "two of those that stay", record: (4, "demo-1,demo-2"), candidate: "demo-1"),
        Row(testDescription: "one of them is down", record: (4, "demo-1,demo-2"), down: [1], candidate: "demo-2"),
        Row(
            testDescription: "strict, and it is down", isStrict: true, record: (4, "demo-1"), down: [1],
            candidate: nil),
        Row(
            testDescription: "any of all", mode: "quorum", record: (4, "demo-0,demo-1,demo-2,demo-3"),
            candidate: "demo-0", isPreferenceTold: false),
        Row(
            testDescription: "any of some, strict", mode: "quorum", isStrict: true, record: (4, "demo-2,demo-3"),
            candidate: "demo-2", isPreferenceTold: false),
        Row(
            testDescription: "any of those that go", mode: "quorum", record: (4, "demo-3"), candidate: nil,
            isPreferenceTold: false),
    ]

    @Test(arguments: rows)
    func `whoever is asked to take over is one the primary's agent accepts`(_ row: Row) throws {
        var world = try world(5, leader: 4, mode: row.mode, isStrict: row.isStrict)
        if let record = row.record { world.record(leader: record.leader, record.standbys) }
        for ordinal in row.down {
            world.observed.pods[ordinal] = world.member(ordinal, role: "replica", isReady: false)
        }
        world.patch(["instances": 3])
        try world.settle()
        #expect(world.replicas == 5)
        #expect(world[store: "demo-failover"]["member"]?.stringValue == row.candidate)
        #expect(try !world.tags().isEmpty == row.isPreferenceTold)
    }

    @Test func `while paused nothing is prepared`() throws {
        var world = try world(3, leader: 2)
        world.record(leader: 2, "demo-1")
        world.patch(["paused": true, "instances": 1])
        try world.settle()
        #expect(try world.tags() == [:])
    }
}

extension World {
    fileprivate mutating func record(leader: Int, _ standbys: String) {
        self[store: "demo-sync"] = [
            "leader": .string("demo-\(leader)"), "sync_standby": .string(standbys), "quorum": "0",
        ]
    }

    /// What the agents are told of themselves.
    fileprivate func tags() throws -> [String: JSONValue] {
        let file = observed.objects[ObjectKey(ConfigMap.resource, "demo-agent")]?.value(at: "data", "agent.json")
        return try JSONValue(parsing: file?.stringValue ?? "")["tags"]?.objectValue ?? [:]
    }
}
