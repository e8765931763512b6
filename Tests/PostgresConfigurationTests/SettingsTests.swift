import Testing

@testable import PostgresConfiguration

struct SettingsTests {
    @Test func `wal_level minimal is refused with the reason`() {
        #expect(
            PostgresSettings.problems(parameters: ["wal_level": "minimal"]).map(\.description) == [
                "parameters.wal_level: \"minimal\" is refused: must be replica or logical, standbys, pg_basebackup and "
                    + "pg_rewind need at least replica"
            ])
    }

    @Test(arguments: [
        ("max_connections", "24", "must be at least 25"),
        ("max_connections", "many", "must be a whole number of at least 25"),
        ("max_wal_senders", "2", "must be at least 3"),
        ("max_replication_slots", "3", "must be at least 4"),
        ("max_worker_processes", "1", "must be at least 2"),
        ("max_locks_per_transaction", "31", "must be at least 32"),
        ("wal_keep_size", "15MB", "must be at least 16MB"),
        ("wal_keep_size", "lots", "must be an amount of memory such as 16MB"),
        ("wal_log_hints", "perhaps", "must be on or off"),
        ("hot_standby", "off", "is refused: must be on, members are observed while they are in recovery"),
        ("full_page_writes", "off", "is refused: must be on, pg_rewind needs it"),
        ("primary_conninfo", "host=x", "cannot be set here: the agent decides who follows whom"),
        ("synchronous_standby_names", "*", "cannot be set here: the agent decides who follows whom"),
        ("listen_addresses", "*", "cannot be set here: the agent decides where the server listens"),
        ("port", "1", "cannot be set here: the agent decides where the server listens"),
        ("cluster_name", "x", "cannot be set here: it is the name of the cluster"),
        ("hba_file", "/x", "cannot be set here: the agent owns the server's files"),
        (
            "recovery_target_time", "now",
            "cannot be set here: recovery targets belong to a restore, not to a running cluster"
        ),
        (
            "work mem", "1",
            "stands under a name that is no parameter name: letters, digits and _ with at most one dot"
        ),
        (
            "a.b.c", "1",
            "stands under a name that is no parameter name: letters, digits and _ with at most one dot"
        ),
        ("work_mem", "1\nport = 1", "contains a control character"),
        (
            "password_encryption", "md5",
            "is refused: must be scram-sha-256, md5 passwords cannot authenticate here"
        ),
    ])
    func `a bad parameter is refused with field, value and rule`(name: String, value: String, rule: String) {
        #expect(
            PostgresSettings.problems(parameters: [name: value])
                == [ConfigurationProblem(field: "parameters.\(name)", value: value, rule: rule)])
    }

    @Test(arguments: [
        ("wal_level", "logical"), ("wal_level", "REPLICA"), ("hot_standby", "true"), ("max_connections", "25"),
        ("wal_keep_size", "1GB"), ("wal_keep_size", "16"), ("wal_keep_size", "16384kB"),
        ("auto_explain.log_analyze", "on"),
        ("Work_Mem", "4MB"), ("archive_command", "cp '%p' /a\\b"),
    ])
    func `a good parameter is accepted`(name: String, value: String) {
        #expect(PostgresSettings.problems(parameters: [name: value]) == [])
    }

    @Test func `every managed default is within its own limits`() {
        for parameter in ManagedParameter.all {
            #expect(parameter.rule(against: parameter.defaultValue) == nil, "\(parameter.name)")
        }
    }

    @Test func `all problems are reported at once`() {
        let problems = PostgresSettings.problems(
            parameters: ["port": "1", "max_connections": "1"], hba: ["host all"], ident: ["only two"])
        #expect(problems.map(\.field) == ["parameters.max_connections", "parameters.port", "pg_hba[0]", "pg_ident[0]"])
    }

    @Test func `a standby takes the primary's recorded limits where they are higher`() throws {
        let control = try #require(ControlData(parsing: ControlDataTests.output))
        let settings = try PostgresSettings(clusterName: "demo", parameters: ["max_worker_processes": "16"])
        let values = Dictionary(
            settings.commandLine(recorded: control).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }
        )
        #expect(values["max_connections"] == "200")
        #expect(values["max_prepared_transactions"] == "5")
        #expect(values["max_worker_processes"] == "16")
        let own = Dictionary(
            settings.commandLine().map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        #expect(own["max_connections"] == "100")
        #expect(own["wal_level"] == "replica")
        #expect(own["wal_keep_size"] == nil)
    }

    @Test func `a changed command line is a pending restart, another spelling is not`() throws {
        let settings = try PostgresSettings(
            clusterName: "demo", parameters: ["max_connections": "50", "wal_log_hints": "true"])
        let running = ["max_connections": "100", "wal_log_hints": "on", "port": "5432", "wal_level": "replica"]
        let changes = settings.commandLineChanges(from: running, recorded: nil)
        #expect(changes.map(\.name) == ["max_connections"])
        #expect(changes.first?.from == "100" && changes.first?.to == "50")
    }
}
