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

    @Test(arguments: ["", "x", String(repeating: "é", count: 5000)])
    func `no sentence makes a status the API server refuses`(_ problem: String) throws {
        var world = try World.running()
        world.observed.pods[2] = stuck(world, 2, problem)
        try world.settle()
        let shown = try world.status.members?[2].problem
        #expect((shown == nil) == problem.isEmpty)
        #expect(shown?.unicodeScalars.count ?? 0 <= MemberStatus.maximumProblemLength)
    }
}
