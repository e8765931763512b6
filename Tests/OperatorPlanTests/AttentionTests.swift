import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// Members that only a person can help.
@Suite struct AttentionTests {
    private static let foreign = "The volume holds data of another cluster (7300000000000000002); move it away"

    private func stuck(_ world: World, _ ordinal: Int, _ problem: String = foreign) -> Pod {
        world.member(ordinal, role: "replica", state: "stopped", isReady: false, problem: problem)
    }

    @Test func `a member that needs a person is shown in its status, a condition and an Event`() throws {
        var world = try World.running()
        world.observed.pods[2] = stuck(world, 2)
        try world.settle()
        #expect(try world.status.members?.map(\.problem) == [nil, nil, Self.foreign])
        #expect(try world.condition(.degraded) == "True MemberNeedsAttention")
        #expect(try world.status.condition(.degraded)?.message == "demo-2: \(Self.foreign)")
        #expect(try world.condition(.ready) == "False MemberNeedsAttention")
        #expect(try world.condition(.primaryAvailable) == "True PrimaryRunning")
        let told = world.takeEvents()
        #expect(told == ["MemberNeedsAttention: demo-2: \(Self.foreign)"])
    }

    @Test func `it is not taken for one that is still starting`() throws {
        var world = try World.running()
        world.observed.pods[2] = world.member(
            2, role: "replica", state: "starting", isReady: false, problem: Self.foreign)
        try world.settle()
        #expect(try world.condition(.progressing) == "False Stable")
        #expect(try world.condition(.degraded) == "True MemberNeedsAttention")
    }

    @Test func `each distinct sentence is told once`() throws {
        var world = try World.running()
        world.observed.pods[1] = stuck(world, 1)
        world.observed.pods[2] = stuck(world, 2)
        try world.settle()
        #expect(world.takeEvents() == ["MemberNeedsAttention: demo-1, demo-2: \(Self.foreign)"])

        // Something else of the status changes; the sentence is the same.
        world.advance(60)
        world.observed.pods[0] = world.member(0, role: "primary", isReady: false)
        try world.settle()
        #expect(world.takeEvents() == [])

        world.observed.pods[1] = stuck(world, 1, "pg_control is damaged")
        try world.settle()
        #expect(world.takeEvents() == ["MemberNeedsAttention: demo-1: pg_control is damaged"])
        let message = try world.status.condition(.degraded)?.message
        #expect(message == "demo-1: pg_control is damaged; demo-2: \(Self.foreign)")
    }

    @Test func `it goes when the member is well again, and is told anew when it returns`() throws {
        var world = try World.running()
        world.observed.pods[2] = stuck(world, 2)
        try world.settle()
        world.observed.pods[2] = world.member(2, role: "replica")
        try world.settle()
        #expect(try world.status.members?.map(\.problem) == [nil, nil, nil])
        #expect(try world.condition(.degraded) == "False Sound")
        #expect(try world.condition(.ready) == "True Healthy")
        _ = world.takeEvents()
        world.observed.pods[2] = stuck(world, 2)
        try world.settle()
        #expect(world.takeEvents().count == 1)
    }

    @Test func `without a primary the sentence comes before the lost primary`() throws {
        var world = try World.running()
        world.observed.pods[0] = world.member(
            0, role: "primary", state: "stopped", isReady: false, problem: Self.foreign)
        try world.settle()
        #expect(try world.condition(.degraded) == "True MemberNeedsAttention")
        #expect(try world.condition(.primaryAvailable) == "False PrimaryNotRunning")
    }

    @Test func `while nobody leads, what members say is in the message and changes no reason`() throws {
        var world = try World.running()
        world[store: "demo-leader"] = ["leader": .null]
        try world.settle()
        #expect(try world.condition(.degraded) == "True NoPrimary")
        _ = world.takeEvents()
        let behind = "may not lead: it is more than 2 MiB of WAL behind the last leader"
        world.observed.pods[2] = world.member(2, role: "replica", problem: behind)
        try world.settle()
        #expect(try world.condition(.degraded) == "True NoPrimary")
        #expect(try world.status.condition(.degraded)?.message.contains("demo-2 \(behind)") == true)
        #expect(world.takeEvents() == ["MemberNeedsAttention: demo-2: \(behind)"])
    }

    @Test(arguments: ["", "x", String(repeating: "é", count: 5000)])
    func `no sentence makes a status the API server refuses`(_ problem: String) throws {
        var world = try World.running()
        world.observed.pods[2] = stuck(world, 2, problem)
        try world.settle()
        let shown = try world.status.members?[2].problem
        #expect((shown == nil) == problem.isEmpty)
        #expect(shown?.unicodeScalars.count ?? 0 <= MemberStatus.maximumProblemLength)
    }

    // MARK: What somebody wrote and a member does not use

    private static let refused: JSONValue = [
        "path": "spec.postgresql.parameters.no_such_parameter", "value": "1",
        "rule": "unrecognized configuration parameter", "by": "postgresql",
    ]
    private static let told = "spec.postgresql.parameters.no_such_parameter: 1: unrecognized configuration parameter"

    private func refuse(_ world: inout World, _ problems: JSONValue?) {
        for index in world.observed.pods.indices {
            guard let text = world.observed.pods[index].metadata.annotations?["status"],
                var status = try? JSONValue(parsing: text)
            else { continue }
            status["problem"] = problems == nil ? nil : "PostgreSQL refuses the settings"
            status["problems"] = problems
            world.observed.pods[index].metadata.annotations?["status"] = status.serialized()
        }
    }

    @Test func `a setting only PostgreSQL refuses makes the configuration invalid, as one the operator refuses does`()
        throws
    {
        var world = try World.running()
        refuse(&world, [Self.refused])
        try world.settle()
        #expect(try world.condition(.configurationValid) == "False RefusedByMember")
        #expect(
            try world.status.condition(.configurationValid)?.message
                == "demo-0, demo-1, demo-2: \(Self.told) (refused by PostgreSQL)")
        // The cluster runs on with the former settings.
        #expect(try world.condition(.ready) == "True Healthy")
        #expect(try world.condition(.degraded) == "True MemberNeedsAttention")
        #expect(
            world.takeEvents() == ["MemberNeedsAttention: demo-0, demo-1, demo-2: PostgreSQL refuses the settings"])
        refuse(&world, nil)
        try world.settle()
        #expect(try world.condition(.configurationValid) == "True Accepted")
        #expect(try world.condition(.degraded) == "False Sound")
    }

    @Test func `a spec the operator refuses comes first`() throws {
        var world = try World.running()
        refuse(&world, [Self.refused])
        try world.settle()
        _ = world.takeEvents()
        world.patch(["postgresql": ["parameters": ["wal_level": "minimal"]]])
        try world.settle()
        #expect(try world.condition(.configurationValid) == "False InvalidSpec")
        #expect(world.takeEvents().first?.hasPrefix("InvalidSpec: spec.postgresql.parameters.wal_level") == true)
    }

    @Test func `an agent that publishes no list, or one nobody can read, is told by its sentence alone`() throws {
        var world = try World.running()
        for problems in [[], 7, [[:]], [["path": "x"]]] as [JSONValue] {
            refuse(&world, problems)
            try world.settle()
            #expect(try world.condition(.configurationValid) == "True Accepted")
            #expect(try world.condition(.degraded) == "True MemberNeedsAttention")
        }
    }

    @Test func `no list makes a status the API server refuses`() throws {
        var world = try World.running()
        let long: JSONValue = [
            "path": .string(String(repeating: "é", count: 9000)), "rule": .string(String(repeating: "é", count: 9000)),
            "by": "agent",
        ]
        refuse(&world, .array(Array(repeating: long, count: 100)))
        try world.settle()
        let message = try #require(try world.status.condition(.configurationValid)?.message)
        #expect(message.unicodeScalars.count <= 4096)
    }
}
