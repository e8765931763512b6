import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// A cluster that waits for fewer standbys than asked says so.
@Suite struct SynchronousConditionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var mode = "on"
        var standbys = 1
        var isStrict = false
        /// Leader, standbys, quorum; nil: no record.
        var record: (leader: String, standbys: String, quorum: String)?
        /// Members that do not run.
        var down: [Int] = []
        let condition: String
        var message = ""
    }

    static let rows: [Row] = [
        Row(testDescription: "mode off", mode: "off", record: ("demo-0", "demo-1", "0"), condition: "absent"),
        Row(testDescription: "no record yet", condition: "Unknown Settling"),
        Row(
            testDescription: "the record of the leader before", record: ("demo-1", "demo-0", "0"),
            condition: "Unknown Settling"),
        Row(
            testDescription: "one standby, one wanted", record: ("demo-0", "demo-1", "0"), condition: "True InSync",
            message: "Each commit waits for demo-1"),
        Row(
            testDescription: "any of two", mode: "quorum", record: ("demo-0", "demo-1,demo-2", "1"),
            condition: "True InSync", message: "Each commit waits for 1 of demo-1, demo-2"),
        Row(
            testDescription: "one of two wanted", standbys: 2, record: ("demo-0", "demo-1", "0"),
            condition: "False FewerStandbys", message: "Commits wait for 1 instead of 2 standbys: demo-1"),
        Row(
            testDescription: "any one where any two are wanted", mode: "quorum", standbys: 2,
            record: ("demo-0", "demo-1,demo-2", "1"), condition: "False FewerStandbys",
            message: "Commits wait for 1 instead of 2 standbys: demo-1, demo-2"),
        Row(
            testDescription: "nobody left", record: ("demo-0", "", "0"), condition: "False NoStandby",
            message: "Commits wait for nobody: what is acknowledged now is on demo-0 alone, and nobody else may lead"),
        Row(
            testDescription: "strict and nobody left", isStrict: true, record: ("demo-0", "", "0"),
            condition: "False CommitsWait",
            message: "Commits wait: 0 of the 1 synchronous standbys a commit needs run"),
        Row(
            testDescription: "strict, and the recorded one is down", isStrict: true, record: ("demo-0", "demo-1", "0"),
            down: [1], condition: "False CommitsWait",
            message: "Commits wait: 0 of the 1 synchronous standbys a commit needs run; recorded: demo-1"),
        Row(
            testDescription: "strict, any of two, one is down", mode: "quorum", isStrict: true,
            record: ("demo-0", "demo-1,demo-2", "1"), down: [1], condition: "True InSync"),
        Row(
            testDescription: "the primary is down", record: ("demo-0", "demo-1", "0"), down: [0],
            condition: "Unknown PrimaryNotRunning"),
        Row(
            testDescription: "a quorum nobody can read", mode: "quorum", record: ("demo-0", "demo-1", "all"),
            condition: "False NoStandby",
            message: "Nobody but demo-0 may lead: the recorded quorum asks for more standbys than there are; "
                + "recorded: demo-1"),
        // As Patroni's tools and people may write it; the agents have always read it so.
        Row(
            testDescription: "names with spaces around them", mode: "quorum",
            record: ("demo-0", " demo-1, demo-2 ", "1"),
            condition: "True InSync", message: "Each commit waits for 1 of demo-1, demo-2"),
        Row(
            testDescription: "strict, and names with spaces around them", isStrict: true,
            record: ("demo-0", " demo-1 ", "0"), condition: "True InSync", message: "Each commit waits for demo-1"),
    ]

    private func world(_ row: Row) throws -> World {
        let synchronous: JSONValue = [
            "mode": .string(row.mode), "standbys": .int(Int64(row.standbys)), "strict": .bool(row.isStrict),
        ]
        var world = World(["highAvailability": ["synchronous": synchronous]])
        try world.settle()
        world.run(3, leader: 0)
        if let record = row.record { Self.write(record, in: &world) }
        for ordinal in row.down {
            world.observed.pods[ordinal] = world.member(
                ordinal, role: ordinal == 0 ? "primary" : "replica", state: "stopped", isReady: false)
        }
        try world.settle()
        return world
    }

    private static func write(_ record: (leader: String, standbys: String, quorum: String), in world: inout World) {
        world[store: "demo-sync"] = [
            "leader": .string(record.leader), "sync_standby": .string(record.standbys),
            "quorum": .string(record.quorum),
        ]
    }

    @Test(arguments: rows)
    func `the condition says whom commits wait for`(_ row: Row) throws {
        let world = try world(row)
        #expect(try world.condition(.synchronousReplication) == row.condition)
        if !row.message.isEmpty {
            #expect(try world.status.condition(.synchronousReplication)?.message == row.message)
        }
    }

    @Test func `each step down is told once, and the way back once`() throws {
        let row = Row(
            testDescription: "", standbys: 2, record: ("demo-0", "demo-1,demo-2", "0"), condition: "True InSync")
        var world = try world(row)
        _ = world.takeEvents()
        Self.write(("demo-0", "demo-1", "0"), in: &world)
        try world.settle()
        #expect(
            world.takeEvents() == [
                "SynchronousStandbysMissing: Commits wait for 1 instead of 2 standbys: demo-1"
            ])
        Self.write(("demo-0", "", "0"), in: &world)
        try world.settle()
        #expect(world.takeEvents().map { $0.prefix(48) } == ["SynchronousStandbysMissing: Commits wait for nob"])
        world.advance(60)
        world.observed.pods[1] = world.member(1, role: "replica", isReady: false)
        try world.settle()
        #expect(world.takeEvents() == [])
        Self.write(("demo-0", "demo-1,demo-2", "0"), in: &world)
        try world.settle()
        #expect(
            world.takeEvents() == ["SynchronousStandbysComplete: Each commit waits for demo-1, demo-2"])
    }

    @Test func `the condition goes with the mode`() throws {
        var world = try world(
            Row(testDescription: "", record: ("demo-0", "demo-1", "0"), condition: "True InSync"))
        world.patch(["highAvailability": ["synchronous": ["mode": "off"]]])
        try world.settle()
        #expect(try world.condition(.synchronousReplication) == "absent")
    }
}
