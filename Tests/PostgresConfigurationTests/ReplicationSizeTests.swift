import Testing

@testable import PostgresConfiguration

struct ReplicationSizeTests {
    private func values(
        _ parameters: [String: String] = [:], instances: Int?, recorded: ControlData? = nil,
        floors: SizeFloors = SizeFloors()
    ) throws -> [String: String] {
        let settings = try PostgresSettings(clusterName: "demo", parameters: parameters, instances: instances)
        return Dictionary(
            settings.commandLine(recorded: recorded, floors: floors).map { ($0.name, $0.value) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Instances; needed connections, walsenders, slots; walsenders and slots when nobody sets them.
    @Test(arguments: [
        (1, [25, 3, 4], [20, 20]), (2, [25, 5, 4], [20, 20]), (3, [25, 7, 5], [20, 20]), (8, [25, 17, 10], [20, 20]),
        (9, [25, 19, 11], [36, 28]), (12, [26, 25, 14], [36, 28]), (16, [30, 33, 18], [36, 28]),
        (17, [31, 35, 19], [68, 44]), (32, [46, 65, 34], [68, 44]),
    ])
    func `the sizes follow the number of instances`(instances: Int, needed: [Int], automatic: [Int]) throws {
        let sizes = ReplicationSize.sizes(instances: instances)
        #expect(sizes.map(\.parameter) == ["max_connections", "max_wal_senders", "max_replication_slots"])
        #expect(sizes.map(\.needed) == needed)
        #expect(sizes.compactMap(\.automatic) == automatic)
        let got = try values(instances: instances)
        #expect(got["max_wal_senders"] == String(automatic[0]))
        #expect(got["max_replication_slots"] == String(automatic[1]))
        #expect(got["max_connections"] == "100" && got["superuser_reserved_connections"] == "5")
    }

    @Test func `what nobody sets is enough for every cluster, also while all but one member are copied`() throws {
        for instances in 1...32 {
            let got = try values(instances: instances)
            for size in ReplicationSize.sizes(instances: instances) {
                let value = try #require(got[size.parameter].flatMap { Int($0) })
                #expect(value >= size.needed, "\(size.parameter) with \(instances)")
            }
            let senders = try #require(got["max_wal_senders"].flatMap { Int($0) })
            // Copies of all others, a standby cluster that is copied, and a question of the agent.
            #expect(senders >= 2 * (instances - 1) + 2 + 1)
            #expect(ReplicationSize.shortage(running: got, instances: instances) == nil)
        }
    }

    @Test func `growing asks for no restart until a step is passed`() throws {
        func settings(_ instances: Int) throws -> PostgresSettings {
            try PostgresSettings(clusterName: "demo", instances: instances)
        }
        #expect(try settings(1) == settings(8))
        #expect(try settings(9) == settings(16))
        #expect(try settings(17) == settings(32))
        let running = try values(instances: 8)
        let change = try settings(9).commandLineChanges(from: running, recorded: nil)
        #expect(
            change.map { "\($0.name) \($0.from) \($0.to)" } == [
                "max_wal_senders 20 36", "max_replication_slots 20 28",
            ])
    }

    @Test func `shrinking asks for none: a running server keeps what it has until its next start`() throws {
        let running = try values(instances: 12)
        let floors = SizeFloors(running: running)
        let settings = try PostgresSettings(clusterName: "demo", instances: 3)
        #expect(settings.commandLineChanges(from: running, recorded: nil, floors: floors).isEmpty)
        #expect(
            settings.fileParameters(recorded: nil, floors: floors, version: ServerVersion(major: 15))["max_wal_senders"]
                == "36")
        #expect(
            settings.fileParameters(recorded: nil, floors: SizeFloors(), version: ServerVersion(major: 15))[
                "max_wal_senders"] == "20")
        // Somebody's own wish is none that is kept from him.
        let own = try PostgresSettings(clusterName: "demo", parameters: ["max_wal_senders": "30"], instances: 3)
        #expect(own.commandLineChanges(from: running, recorded: nil, floors: floors).map(\.to) == ["30"])
        // Nor is a parameter whose default does not follow the instances.
        let fewer = try PostgresSettings(clusterName: "demo", instances: 3)
        let more = running.merging(["max_connections": "500"]) { _, new in new }
        #expect(
            fewer.commandLineChanges(from: more, recorded: nil, floors: SizeFloors(running: more)).map(\.to) == ["100"])
    }

    @Test func `a server gets as many slots as it has on disk, whoever set less`() throws {
        let floors = SizeFloors(slotsOnDisk: 31)
        #expect(try values(instances: 3, floors: floors)["max_replication_slots"] == "31")
        #expect(
            try values(["max_replication_slots": "10"], instances: 3, floors: floors)["max_replication_slots"] == "31")
        #expect(try values(instances: 3, floors: floors)["max_wal_senders"] == "20")
        #expect(try values(instances: 32, floors: floors)["max_replication_slots"] == "44")
    }

    @Test func `a standby's sizes are not below its primary's, whichever was restarted first`() throws {
        let control = try #require(
            ControlData(
                parsing: ControlDataTests.output.replacing(
                    /max_wal_senders setting: +10/, with: "max_wal_senders setting: 36")))
        #expect(try values(instances: 3, recorded: control)["max_wal_senders"] == "36")
        #expect(try values(instances: 32, recorded: control)["max_wal_senders"] == "68")
    }

    @Test(arguments: [
        (
            "max_wal_senders", "10",
            "must be at least 25 with 12 instances (2 × instances + 1): two for each other member, because a copy takes two, "
                + "two for a standby cluster, one for the agent"
        ),
        (
            "max_replication_slots", "13",
            "must be at least 14 with 12 instances (instances + 2, and at least 4): one for each other member, one for a "
                + "standby cluster, two for copies of others"
        ),
        (
            "max_connections", "25",
            "must be at least 26 with 12 instances (instances + 14, and at least 25): a rewind of each other member, 5 kept "
                + "for superusers, 10 clients"
        ),
    ])
    func `a size below the need is refused with the number that is needed`(name: String, value: String, rule: String) {
        #expect(
            PostgresSettings.problems(parameters: [name: value], instances: 12)
                == [ConfigurationProblem(field: "parameters.\(name)", value: value, rule: rule)])
        #expect(PostgresSettings.problems(parameters: [name: value], instances: 3) == [])
        let needed = ReplicationSize.sizes(instances: 12).first { $0.parameter == name }?.needed ?? 0
        #expect(PostgresSettings.problems(parameters: [name: String(needed)], instances: 12) == [])
        #expect(
            PostgresSettings.problems(parameters: [name.uppercased(): String(needed - 1)], instances: 12).count == 1)
    }

    @Test func `a server that has too little says what the members need`() throws {
        let running = try values(instances: 3)
        #expect(ReplicationSize.shortage(running: running, instances: 9) == nil)
        let text = try #require(ReplicationSize.shortage(running: running, instances: 28))
        #expect(text.contains("max_wal_senders is 20, and 28 instances need 57"))
        #expect(text.contains("max_replication_slots is 20, and 28 instances need 30"))
        #expect(text.contains("Until a restart"))
        #expect(ReplicationSize.shortage(running: [:], instances: 28) == nil)
    }
}
