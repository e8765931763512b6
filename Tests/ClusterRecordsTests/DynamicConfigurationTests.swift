import ClusterRecords
import HighAvailability
import KubernetesModels
import Testing
import Units

@Suite struct DynamicConfigurationTests {
    @Test func `every key is read`() throws {
        let (configuration, problems) = try read(
            #"""
            {"ttl":30,"loop_wait":4,"retry_timeout":6.5,"maximum_lag_on_failover":4096,"pause":true,
             "primary_start_timeout":60,"primary_stop_timeout":15,"member_slots_ttl":120,
             "matriarch":{"fence_margin":2.5,"instances":12},
             "postgresql":{"use_pg_rewind":false,"use_slots":"off",
              "parameters":{"Work_Mem":"8MB","max_connections":50,"fsync":true,"geqo":false,"seq_page_cost":1.5,"x.y":null},
              "pg_hba":["host all all all scram-sha-256"],"pg_ident":["map a b"]}}
            """#)
        #expect(problems == [])
        #expect(
            configuration
                == DynamicConfiguration(
                    timings: Timings(
                        ttl: .seconds(30), loopWait: .seconds(4), retryTimeout: .milliseconds(6500),
                        fenceMargin: .milliseconds(2500)),
                    maximumLagOnFailover: ByteCount(rawValue: 4096), isPaused: true, primaryStartTimeout: .seconds(60),
                    primaryStopTimeout: .seconds(15),
                    usesRewind: false, usesSlots: false, memberSlotRetention: .seconds(120),
                    instances: 12,
                    parameters: [
                        "work_mem": "8MB", "max_connections": "50", "fsync": "on", "geqo": "off",
                        "seq_page_cost": "1.5",
                    ], hostBasedAuthentication: ["host all all all scram-sha-256"], identityMap: ["map a b"]))
    }

    @Test func `the configuration is read as it was written, beside keys of others`() {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let wanted = drawing.configuration()
            for stored in [nil, ["slots": ["mine": [:]], "matriarch": ["x": 1], "postgresql": 7], 7] as [JSONValue?] {
                let json = wanted.json(over: stored)
                let (read, problems) = DynamicConfiguration.reading(
                    annotation: json.serialized(), former: Self.former)
                #expect(read == wanted, "seed \(seed)")
                let leadsNowhere = wanted.standbyCluster.map { $0.host == nil } ?? false
                #expect(problems.isEmpty != leadsNowhere, "seed \(seed)")
                #expect(json["slots"] == stored?["slots"])
                #expect(wanted.json(over: json) == json, "seed \(seed)")
            }
            for variant in Odd.variants(of: wanted.json()) {
                let (read, _) = DynamicConfiguration.reading(variant, former: Self.former)
                #expect(read.timings.validationError == nil, "seed \(seed)")
            }
        }
    }

    /// A tool of Patroni's world wrote them, and the resource cannot say them.
    @Test func `settings the resource has no field for stay as they are stored`() {
        let stored: JSONValue = ["member_slots_ttl": 60, "maximum_lag_on_syncnode": 4096]
        let (read, _) = DynamicConfiguration.reading(DynamicConfiguration().json(over: stored), former: Self.former)
        #expect(read.memberSlotRetention == .seconds(60))
        #expect(read.synchronous.maximumLag == ByteCount(rawValue: 4096))
    }

    @Test func `a fraction of a second is read to the millisecond`() throws {
        let (configuration, problems) = try read(#"{"retry_timeout":1.001,"primary_stop_timeout":1.005}"#)
        #expect(problems == [])
        #expect(configuration.timings.retryTimeout == .milliseconds(1001))
        #expect(configuration.primaryStopTimeout == .milliseconds(1005))
    }

    @Test(arguments: ["{}", #"{"ttl":null,"postgresql":null,"pause":null}"#, #"{"slots":{},"standby_cluster":{}}"#])
    func `what is absent has its default, and unknown keys are left to others`(_ text: String) throws {
        let (configuration, problems) = try read(text, former: Self.former)
        #expect(problems == [])
        #expect(configuration == DynamicConfiguration())
    }

    @Test(arguments: [
        #"{"ttl":25,"loop_wait":10,"retry_timeout":10}"#, #"{"ttl":2}"#, #"{"loop_wait":0}"#, #"{"ttl":"soon"}"#,
        #"{"ttl":-1}"#, #"{"ttl":1e300}"#, #"{"ttl":[]}"#, #"{"loop_wait":{}}"#, #"{"retry_timeout":true}"#,
        #"{"matriarch":{"fence_margin":"x"}}"#,
    ])
    func `timings that break a rule leave the former ones in force and are reported`(_ text: String) throws {
        let (configuration, problems) = try read(text, former: Self.former)
        #expect(configuration.timings == Self.former.timings)
        #expect(!problems.isEmpty)
    }

    @Test(arguments: [
        (#"{"ttl":25,"loop_wait":10,"retry_timeout":10}"#, "loopWait + 2·retryTimeout < ttl − fenceMargin"),
        (#"{"ttl":"soon"}"#, "ttl"), (#"{"pause":"perhaps"}"#, "pause"), (#"{"pause":7}"#, "pause"),
        (#"{"maximum_lag_on_failover":"lots"}"#, "maximum_lag_on_failover"),
        (#"{"maximum_lag_on_failover":-1}"#, "maximum_lag_on_failover"),
        (#"{"primary_start_timeout":"x"}"#, "primary_start_timeout"), (#"{"member_slots_ttl":-3}"#, "member_slots_ttl"),
        (#"{"primary_stop_timeout":-1}"#, "primary_stop_timeout"),
        (#"{"postgresql":[]}"#, "postgresql"), (#"{"postgresql":{"use_slots":[]}}"#, "postgresql.use_slots"),
        (#"{"postgresql":{"parameters":"fsync=off"}}"#, "postgresql.parameters"),
        (#"{"postgresql":{"parameters":{"fsync":["off"]}}}"#, "postgresql.parameters.fsync"),
        (#"{"postgresql":{"pg_hba":"host all all all trust"}}"#, "postgresql.pg_hba"),
        (#"{"postgresql":{"pg_hba":["local all all peer",7]}}"#, "postgresql.pg_hba"),
        (#"{"postgresql":{"pg_ident":{}}}"#, "postgresql.pg_ident"),
        (#"{"matriarch":{"instances":0}}"#, "matriarch.instances"),
        (#"{"matriarch":{"instances":"three"}}"#, "matriarch.instances"),
    ])
    func `a value that cannot be used is named`(_ text: String, _ name: String) throws {
        let (_, problems) = try read(text)
        #expect(problems.count == 1)
        #expect(problems.first?.description.contains(name) == true, "\(problems)")
    }

    /// A dictionary's order differs from process to process; two members must not run with different settings for it.
    @Test func `of two parameters that differ in case alone every member takes the same one`() throws {
        var parameters: [String: JSONValue] = [:]
        for letters in 0..<64 {
            let name = "abcdef".enumerated().map { index, letter in
                letters >> index & 1 == 1 ? letter.uppercased() : String(letter)
            }
            parameters[name.joined()] = .int(Int64(letters))
        }
        let (read, problems) = DynamicConfiguration.reading(
            ["postgresql": ["parameters": .object(parameters)]], former: DynamicConfiguration())
        #expect(problems == [] && read.parameters == ["abcdef": "0"])
    }

    @Test(arguments: [
        (#"{"host":"site-a.example"}"#, StandbyCluster(host: "site-a.example"), 0),
        (
            #"{"host":"10.1.2.3","port":5433,"primary_slot_name":"site_b","create_replica_methods":["basebackup"]}"#,
            StandbyCluster(host: "10.1.2.3", port: 5433, slot: "site_b"), 0
        ),
        (#"{"host":"fd00::1"}"#, StandbyCluster(host: "fd00::1"), 0),
        (#"{"host":"[fd00::1]","port":5433}"#, StandbyCluster(host: "fd00::1", port: 5433), 0),
        (#"{"host":"a","port":"5433"}"#, StandbyCluster(host: "a", port: 5433), 0),
        (#"{}"#, nil, 0), ("null", nil, 0), (#"{"primary_slot_name":"site_b"}"#, nil, 0),
        // What cannot be followed still keeps everybody from being promoted.
        (#"{"port":5433}"#, StandbyCluster(host: nil, port: 5433), 1),
        (#"{"restore_command":"cp /archive/%f %p"}"#, StandbyCluster(host: nil), 1),
        (#"{"host":"a,b"}"#, StandbyCluster(host: nil), 1), (#"{"host":["a"]}"#, StandbyCluster(host: nil), 1),
        (#"{"host":"a","port":0}"#, StandbyCluster(host: nil), 1),
        (#"{"host":"a","primary_slot_name":"Site-B"}"#, StandbyCluster(host: "a"), 1),
        ("1", StandbyCluster(host: nil), 1), (#"["a"]"#, StandbyCluster(host: nil), 1),
    ])
    func `a section standby_cluster names the server to follow, and nonsense in it promotes nobody`(
        _ section: String, _ expected: StandbyCluster?, _ problems: Int
    ) throws {
        let (configuration, found) = try read(#"{"standby_cluster":\#(section)}"#)
        #expect(configuration.standbyCluster == expected)
        #expect(found.count == problems, "\(found)")
        #expect(found.allSatisfy { $0.path.hasPrefix("standby_cluster") && $0.refuser == .agent })
    }

    @Test func `a section that nobody can read any more leaves the former server in force`() throws {
        var former = DynamicConfiguration()
        former.standbyCluster = StandbyCluster(host: "site-a.example")
        #expect(try read(#"{"standby_cluster":true}"#, former: former).0.standbyCluster == former.standbyCluster)
        #expect(try read(#"{"standby_cluster":null}"#, former: former).0.standbyCluster == nil)
    }

    @Test(arguments: ["null", "[]", "7", "\"ttl\"", "true"])
    func `a document that is no object changes nothing`(_ text: String) throws {
        let (configuration, problems) = try read(text, former: Self.former)
        #expect(configuration == Self.former)
        #expect(problems.count == 1)
    }

    @Test func `no document makes the reader fail or accept unsound timings`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            let document = Self.document(&random)
            let (configuration, _) = DynamicConfiguration.reading(document, former: Self.former)
            #expect(configuration.timings.validationError == nil, "\(document.serialized())")
        }
    }

    private static let former = DynamicConfiguration(timings: .fast, isPaused: true, usesSlots: false)

    private func read(_ text: String, former: DynamicConfiguration = DynamicConfiguration()) throws
        -> (DynamicConfiguration, [Problem])
    {
        DynamicConfiguration.reading(try JSONValue(parsing: text), former: former)
    }

    private static func document(_ random: inout SystemRandomNumberGenerator) -> JSONValue {
        func object(_ keys: [String]) -> JSONValue {
            var members: [String: JSONValue] = [:]
            for key in keys where Bool.random(using: &random) { members[key] = value() }
            return .object(members)
        }
        func value() -> JSONValue {
            let values: [JSONValue] = [
                .null, true, false, .int(.max), .int(.min), 0, .int(Int64.random(in: -5...60, using: &random)),
                .double(.greatestFiniteMagnitude), .double(-0.0), .double(.leastNonzeroMagnitude),
                .double(Double.random(in: -1...2_000_000, using: &random)), "", "on", "10", "nan", "inf", "-inf",
                "1e400",
                [1, "x", .null], ["a": .null],
            ]
            return values.randomElement(using: &random) ?? .null
        }
        var document = object([
            "ttl", "loop_wait", "retry_timeout", "maximum_lag_on_failover", "pause", "primary_start_timeout",
            "primary_stop_timeout",
            "member_slots_ttl", "matriarch", "postgresql", "standby_cluster",
        ])
        guard var members = document.objectValue else { return document }
        if Bool.random(using: &random) { members["matriarch"] = object(["fence_margin"]) }
        if Bool.random(using: &random) {
            members["postgresql"] = object(["use_pg_rewind", "use_slots", "parameters", "pg_hba", "pg_ident"])
        }
        if Bool.random(using: &random) {
            members["standby_cluster"] = object(["host", "port", "primary_slot_name"])
        }
        document = .object(members)
        return document
    }
}
