import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// Whether automatic actions are off, as the members say it.
@Suite struct PausedTests {
    private func say(_ world: inout World, _ ordinal: Int, isPaused: Bool) {
        let text = world.observed.pods[ordinal].metadata.annotations?["status"] ?? "{}"
        guard var status = try? JSONValue(parsing: text) else { return }
        status["pause"] = isPaused ? true : nil
        world.observed.pods[ordinal].metadata.annotations?["status"] = status.serialized()
    }

    @Test func `a cluster is paused when every member has said so, and resumed when none says it any more`() throws {
        var world = try World.running()
        world.patch(["paused": true])
        try world.settle()
        #expect(try world.condition(.paused) == "Unknown Pausing")
        say(&world, 0, isPaused: true)
        say(&world, 2, isPaused: true)
        try world.settle()
        #expect(try world.condition(.paused) == "Unknown Pausing")
        let message = try world.status.condition(.paused)?.message
        #expect(message == "Waits for demo-1 to say that automatic actions are off")
        #expect(world.takeEvents() == [])
        say(&world, 1, isPaused: true)
        try world.settle()
        #expect(try world.condition(.paused) == "True Paused")
        #expect(world.takeEvents() == ["Paused: Automatic actions are off"])

        world.patch(["paused": false])
        try world.settle()
        #expect(try world.condition(.paused) == "Unknown Resuming")
        for ordinal in 0..<3 { say(&world, ordinal, isPaused: false) }
        try world.settle()
        #expect(try world.condition(.paused) == "False Active")
        #expect(world.takeEvents() == ["Resumed: Automatic actions are on again"])
    }

    @Test func `a member that has said nothing since it started reads it first, and is not waited for`() throws {
        var world = try World.running()
        world.patch(["paused": true])
        for ordinal in 0..<3 { say(&world, ordinal, isPaused: true) }
        try world.settle()
        #expect(world.takeEvents() == ["Paused: Automatic actions are off"])
        // Its Pod is made anew: no node yet, then a container that runs, then a first word.
        world.observed.pods[2] = world.member(2, role: nil, isReady: false)
        world.observed.pods[2].status = PodStatus(phase: "Pending")
        try world.settle()
        #expect(try world.condition(.paused) == "True Paused")
        world.observed.pods[2] = world.member(2, role: nil, isReady: false)
        try world.settle()
        #expect(try world.condition(.paused) == "True Paused")
        world.observed.pods[2] = world.member(2, role: "replica")
        say(&world, 2, isPaused: true)
        try world.settle()
        #expect(try world.condition(.paused) == "True Paused")
        #expect(world.takeEvents() == [])

        world.observed.pods[2] = world.member(2, role: nil, isReady: false)
        world.patch(["paused": false])
        for ordinal in 0..<2 { say(&world, ordinal, isPaused: false) }
        try world.settle()
        #expect(try world.condition(.paused) == "False Active")
    }
}
