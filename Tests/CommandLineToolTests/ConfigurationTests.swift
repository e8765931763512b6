import ArgumentParser
import KubernetesModels
import PlainText
import PostgresClusterAPI
import Testing

@testable import CommandLineTool

/// `matriarch edit-config` and `show-config`: Patroni's keys over the fields of the resource.
@Suite struct ConfigurationTests {
    private static func document(_ more: JSONValue = [:]) throws -> ConfigurationDocument {
        ConfigurationDocument(spec: try ListingFixture.spec(more))
    }

    /// The patch of the spec that a change of its document makes.
    private static func patch(
        _ change: ConfigurationChange, of spec: JSONValue = [:]
    ) throws -> JSONValue {
        let before = try document(spec)
        return try ConfigurationPatch(before: before, after: try change.applied(to: before)).spec()
    }

    private static func setting(_ settings: String..., of spec: JSONValue = [:]) throws -> JSONValue {
        try patch(ConfigurationChange(settings: settings), of: spec)
    }

    /// What a refused change says.
    private static func refusal(_ change: ConfigurationChange, of spec: JSONValue = [:]) throws -> String {
        try #require(throws: ConfigurationRefusal.self) { try patch(change, of: spec) }.description
    }

    @Test func `the document of a spec has every setting it decides, in Patroni's keys`() throws {
        let text = try Self.document([
            "paused": true,
            "highAvailability": ["maximumLagOnFailover": "2Mi", "synchronous": ["mode": "on", "standbys": 2]],
            "standby": ["host": "[fd00::1]", "primarySlotName": "site_b"],
            "postgresql": [
                "parameters": ["work_mem": "8MB", "max_connections": "200"],
                "pgHBA": ["host all all all scram-sha-256"],
            ],
        ]).yaml
        #expect(
            text == """
                failsafe_mode: true
                loop_wait: 5
                matriarch:
                  fence_margin: 3
                maximum_lag_on_failover: 2097152
                pause: true
                postgresql:
                  parameters:
                    max_connections: '200'
                    work_mem: 8MB
                  pg_hba:
                  - host all all all scram-sha-256
                  pg_ident: []
                primary_start_timeout: 300
                primary_stop_timeout: 30
                retry_timeout: 5
                standby_cluster:
                  host: fd00::1
                  port: 5432
                  primary_slot_name: site_b
                synchronous_mode: 'on'
                synchronous_mode_strict: false
                synchronous_node_count: 2
                ttl: 20

                """)
    }

    @Test func `what was edited and not changed changes nothing`() throws {
        for spec: JSONValue in [
            [:], ["highAvailability": ["profile": "fast"]], ["standby": ["host": "remote"]],
            ["postgresql": ["parameters": ["a.b": "on", "c": "1e3", "d": "0755"]]],
        ] {
            let document = try Self.document(spec)
            let again = try ConfigurationDocument(yaml: document.yaml)
            #expect(again == document)
            #expect(try ConfigurationPatch(before: document, after: again).spec() == [:])
        }
    }

    @Test func `each key changes its field and no other`() throws {
        let cases: [(String, JSONValue)] = [
            ("pause=true", ["paused": true]),
            ("maximum_lag_on_failover=2097152", ["highAvailability": ["maximumLagOnFailover": "2097152"]]),
            ("failsafe_mode=off", ["highAvailability": ["failsafe": false]]),
            ("primary_start_timeout=60", ["highAvailability": ["primaryStartTimeout": 60]]),
            ("primary_stop_timeout=45", ["highAvailability": ["primaryStopTimeout": 45]]),
            (
                "synchronous_mode=quorum",
                ["highAvailability": ["synchronous": ["mode": "quorum", "standbys": 1, "strict": false]]]
            ),
            // On is true in YAML.
            (
                "synchronous_mode=on",
                ["highAvailability": ["synchronous": ["mode": "on", "standbys": 1, "strict": false]]]
            ),
            (
                "standby_cluster.host=fd00::7",
                ["standby": ["enabled": true, "host": "[fd00::7]", "port": 5432, "primarySlotName": .null]]
            ),
            ("postgresql.pg_hba=[local all all trust]", ["postgresql": ["pgHBA": ["local all all trust"]]]),
            ("postgresql.pg_ident=[a b c]", ["postgresql": ["pgIdent": ["a b c"]]]),
            ("postgresql.parameters.work_mem=16MB", ["postgresql": ["parameters": ["work_mem": "16MB"]]]),
            ("postgresql.parameters.max_connections=200", ["postgresql": ["parameters": ["max_connections": "200"]]]),
            ("postgresql.parameters.jit=off", ["postgresql": ["parameters": ["jit": "off"]]]),
            (
                "postgresql.parameters.pg_stat_statements.max=5000",
                ["postgresql": ["parameters": ["pg_stat_statements.max": "5000"]]]
            ),
            (
                "matriarch.profile=fast",
                [
                    "highAvailability": [
                        "profile": "fast", "ttl": .null, "loopWait": .null, "retryTimeout": .null, "fenceMargin": .null,
                    ]
                ]
            ),
        ]
        for (setting, patch) in cases { #expect(try Self.setting(setting) == patch, "\(setting)") }
    }

    @Test func `a parameter is the same in every case, and given once`() throws {
        let spec: JSONValue = ["postgresql": ["parameters": ["work_mem": "8MB"]]]
        #expect(
            try Self.patch(ConfigurationChange(parameters: ["Work_Mem=16MB"]), of: spec)
                == ["postgresql": ["parameters": ["work_mem": "16MB"]]])
        #expect(
            try Self.patch(ConfigurationChange(parameters: ["WORK_MEM=null"]), of: spec)
                == ["postgresql": ["parameters": ["work_mem": .null]]])
        #expect(
            try Self.patch(
                ConfigurationChange(merged: ["postgresql": ["parameters": ["Work_Mem": "16MB"]]]), of: spec)
                == ["postgresql": ["parameters": ["work_mem": "16MB"]]])
        let twice = ConfigurationChange(merged: ["postgresql": ["parameters": ["Work_Mem": "1MB", "work_mem": "2MB"]]])
        #expect(
            try Self.refusal(twice) == "postgresql.parameters.work_mem: is given twice, in upper and lower case")
    }

    @Test func `a parameter's value is the text that was written`() throws {
        for (written, kept) in [
            ("1.10", "1.10"), ("007", "007"), ("1e3", "1e3"), (" 5 ", "5"), ("'5'", "5"), ("off", "off"),
            ("8MB", "8MB"),
        ] {
            #expect(
                try Self.patch(ConfigurationChange(parameters: ["my.value=\(written)"]))
                    == ["postgresql": ["parameters": ["my.value": .string(kept)]]], "\(written)")
        }
        let spec: JSONValue = [
            "postgresql": ["parameters": ["max_connections": "200"]],
            "highAvailability": ["synchronous": ["mode": "off"]],
        ]
        #expect(try Self.patch(ConfigurationChange(parameters: ["max_connections=200"]), of: spec) == [:])
        #expect(try Self.setting("synchronous_mode=off", of: spec) == [:])
    }

    /// A merge of two changes of one configuration.
    private static func merge(_ base: JSONValue, _ mine: JSONValue, _ theirs: JSONValue) -> ConfigurationMerge {
        ConfigurationMerge(
            base: ConfigurationDocument(base), mine: ConfigurationDocument(mine), theirs: ConfigurationDocument(theirs))
    }

    @Test func `what two people change at once is put together, and where they disagree it is said by name`() {
        let apart = Self.merge(["a": 1, "b": 2, "c": 3], ["a": 7, "b": 2, "c": 3], ["a": 1, "b": 8])
        #expect(apart.document.json == ["a": 7, "b": 8])
        #expect(apart.remark == "somebody else has changed the configuration meanwhile; this has both changes")
        let same = Self.merge(["p": ["a": 1]], ["p": ["a": 2]], ["p": ["a": 3, "b": 4]])
        #expect(same.document.json == ["p": ["a": 2, "b": 4]])
        #expect(same.remarks == ["p.a was changed by somebody else too: theirs is 3"])
        let gone = Self.merge(["a": 1], ["a": 2], [:])
        #expect(gone.document.json == ["a": 2])
        #expect(gone.remarks == ["a was changed by somebody else too: theirs is nothing"])
    }

    @Test func `lines that two people add or take out at once are all kept to`() {
        let lists = Self.merge(
            ["h": ["a", "b", "c"]], ["h": ["a", "mine", "b"]], ["h": ["theirs", "a", "b", "c", "last"]])
        #expect(lists.document.json == ["h": ["theirs", "a", "mine", "b", "last"]])
        #expect(
            lists.remarks == ["h was changed by somebody else too: this has the lines of both, look at their order"])
        let first = Self.merge(["h": ["a"]], ["h": ["mine", "a"]], ["h": ["theirs"]])
        #expect(first.document.json == ["h": ["mine", "theirs"]])
    }

    @Test func `null takes a key out, and the field has its default again`() throws {
        let spec: JSONValue = [
            "paused": true, "highAvailability": ["failsafe": false, "synchronous": ["mode": "on"]],
            "standby": ["host": "remote"], "postgresql": ["parameters": ["work_mem": "8MB"], "pgHBA": ["a b c d"]],
        ]
        #expect(try Self.setting("pause=null", of: spec) == ["paused": .null])
        #expect(try Self.setting("failsafe_mode=null", of: spec) == ["highAvailability": ["failsafe": .null]])
        #expect(
            try Self.setting("synchronous_mode=null", of: spec)
                == ["highAvailability": ["synchronous": ["mode": .null, "standbys": 1, "strict": false]]])
        #expect(try Self.setting("standby_cluster=null", of: spec) == ["standby": .null])
        #expect(try Self.setting("postgresql.pg_hba=null", of: spec) == ["postgresql": ["pgHBA": .null]])
        #expect(
            try Self.patch(ConfigurationChange(parameters: ["work_mem=null"]), of: spec)
                == ["postgresql": ["parameters": ["work_mem": .null]]])
        #expect(
            try Self.patch(ConfigurationChange(merged: ["postgresql": ["parameters": ["work_mem": .null]]]), of: spec)
                == ["postgresql": ["parameters": ["work_mem": .null]]])
    }

    @Test func `one timing is written with those it goes together with, and takes a profile's place`() throws {
        #expect(
            try Self.setting("ttl=30")
                == [
                    "highAvailability": [
                        "ttl": 30, "loopWait": 5, "retryTimeout": 5, "fenceMargin": 3, "profile": .null,
                    ]
                ])
        let fast: JSONValue = ["highAvailability": ["profile": "fast"]]
        #expect(
            try Self.setting("ttl=12", "matriarch.fence_margin=null", of: fast)
                == [
                    "highAvailability": [
                        "ttl": 12, "loopWait": 2, "retryTimeout": 3, "fenceMargin": .null, "profile": .null,
                    ]
                ])
        // Half a second of the profile's has no place in a field of its own.
        #expect(
            try Self.refusal(ConfigurationChange(settings: ["ttl=12"]), of: fast).hasPrefix(
                "matriarch.fence_margin: 1.5 s: must be whole seconds"))
        let own: JSONValue = ["highAvailability": ["ttl": 30, "loopWait": 5, "retryTimeout": 8]]
        #expect(
            try Self.setting(
                "ttl=null", "loop_wait=null", "retry_timeout=null", "matriarch.fence_margin=null", of: own)
                == [
                    "highAvailability": [
                        "ttl": .null, "loopWait": .null, "retryTimeout": .null, "fenceMargin": .null, "profile": .null,
                    ]
                ])
        #expect(
            try Self.refusal(ConfigurationChange(settings: ["matriarch.profile=fast", "ttl=30"])).hasPrefix(
                "matriarch.profile: give either a profile or ttl"))
    }

    @Test func `a replaced configuration has the default of whatever it leaves out`() throws {
        let spec: JSONValue = ["paused": true, "postgresql": ["parameters": ["work_mem": "8MB", "jit": "off"]]]
        let change = ConfigurationChange(
            replacement: ["ttl": 20, "loop_wait": 5, "retry_timeout": 5, "postgresql": ["parameters": ["jit": "off"]]])
        let patch = try Self.patch(change, of: spec)
        #expect(patch["paused"] == .null)
        #expect(patch.value(at: "postgresql", "parameters") == ["work_mem": .null])
        #expect(patch.value(at: "highAvailability", "failsafe") == .null)
        #expect(patch.value(at: "highAvailability", "fenceMargin") == .null)
    }

    @Test(arguments: [
        ("slots.one.type=physical", "slots: PostgresCluster has no field for this key"),
        ("postgresql.use_slots=false", "postgresql.use_slots: PostgresCluster has no field for this key"),
        ("standby_cluster.restore_command=cp", "standby_cluster.restore_command: PostgresCluster has no field"),
        ("matriarch.instances=5", "matriarch.instances: PostgresCluster has no field for this key"),
        ("ttl=soon", #"ttl: "soon": is not a number of seconds"#),
        ("primary_start_timeout=12.5", "primary_start_timeout: 12.5 s: must be whole seconds"),
        ("loop_wait=20", "ttl: loopWait + 2·retryTimeout < ttl − fenceMargin must hold"),
        ("synchronous_mode=maybe", #"synchronous_mode: "maybe": is not off, on or quorum"#),
        ("postgresql.pg_hba=trust", "postgresql.pg_hba: \"trust\": is not a list of lines"),
        ("postgresql.parameters.work_mem=[1]", "postgresql.parameters.work_mem: [1]: is not a value"),
        ("postgresql=1", "postgresql: 1: is not an object"),
        ("standby_cluster.host=", "standby_cluster"),
        ("nonsense", "Invalid parameter setting nonsense: it must be name=value"),
        ("=5", "Invalid parameter setting =5: it must be name=value"),
        ("ttl={", "Invalid parameter setting ttl: invalid YAML at line"),
    ])
    func `what agents could not read is refused by name`(setting: String, message: String) throws {
        if setting == "standby_cluster.host=" {
            // Nothing is said of a server: there is nothing to change.
            let patch = try Self.setting(setting)
            #expect(patch == [:], "\(patch)")
            return
        }
        #expect(try Self.refusal(ConfigurationChange(settings: [setting])).contains(message))
    }

    @Test func `keys that are not known are told all at once, with those that are`() throws {
        let text = try Self.refusal(ConfigurationChange(merged: ["slots": [:], "ignore_slots": []]))
        #expect(
            text.split(separator: "\n").prefix(2) == [
                "ignore_slots: PostgresCluster has no field for this key",
                "slots: PostgresCluster has no field for this key",
            ])
        #expect(text.contains("known keys: failsafe_mode, loop_wait, matriarch.fence_margin, matriarch.profile,"))
    }

    @Test func `the difference is shown as diff shows it`() throws {
        let before = try Self.document(["postgresql": ["parameters": ["work_mem": "8MB", "jit": "off"]]])
        let change = ConfigurationChange(settings: ["ttl=30"], parameters: ["work_mem=16MB", "jit=null"])
        let after = try change.applied(to: before)
        #expect(
            UnifiedDiff(from: before.yaml, to: after.yaml).rendered() == """
                @@ -6,8 +6,7 @@
                 pause: false
                 postgresql:
                   parameters:
                -    jit: 'off'
                -    work_mem: 8MB
                +    work_mem: 16MB
                   pg_hba: []
                   pg_ident: []
                 primary_start_timeout: 300
                @@ -16,4 +15,4 @@
                 synchronous_mode: 'off'
                 synchronous_mode_strict: false
                 synchronous_node_count: 1
                -ttl: 20
                +ttl: 30
                """)
    }

    @Test(arguments: ["a: [", "- a", "ttl: 1\nttl: 2", "text"])
    func `YAML that is no configuration is refused with its place`(text: String) {
        #expect(throws: ConfigurationRefusal.self) { try ConfigurationDocument(yaml: text) }
    }

    @Test(arguments: [[], ["demo", "--apply", "a", "--replace", "b"], ["demo", "-s"], ["demo", "other"]])
    func `wrong use of edit-config is refused before anything is asked`(arguments: [String]) async {
        await #expect(throws: (any Error).self) { try await EditConfigCommand.asyncParse(arguments) }
    }

    @Test(arguments: [
        [], ["demo", "-o", "tsv"], ["demo", "-o", "pretty"], ["demo", "-o", "xml"], ["demo", "other"],
    ])
    func `wrong use of show-config is refused before anything is asked`(arguments: [String]) async {
        await #expect(throws: (any Error).self) { try await ShowConfigCommand.asyncParse(arguments) }
    }
}
