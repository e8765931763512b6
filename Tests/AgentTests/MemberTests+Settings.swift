import Glibc
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `settings PostgreSQL refuses are not applied, not left in the files, and told by every member`()
        async throws
    {
        try await withThree { cluster, before in
            let former = try JSONValue(parsing: try #require(try await cluster.annotations(.configuration)["config"]))
            func apply(_ parameters: [String: JSONValue]) async throws {
                var wanted = former
                wanted["postgresql"] = ["parameters": .object(parameters)]
                try await cluster.annotate(.configuration, ["config": .string(wanted.serialized())])
            }
            func shown(_ name: String, on member: MemberProcess) async throws -> String? {
                try await member.query("SHOW \(name)").scalar
            }

            try await apply(["work_mem": "7MB"])
            for member in cluster.members {
                try await eventually(within: .seconds(60), "\(member.name) applies work_mem") {
                    try await shown("work_mem", on: member) == "7MB"
                }
            }
            let offsets = cluster.members.map(\.logEnd)
            try await apply(["work_mem": "9MB", "no_such_parameter": "1"])
            for (member, offset) in zip(cluster.members, offsets) {
                try await eventually(within: .seconds(60), "\(member.name) refuses the parameter") {
                    member.hasSaid("PostgreSQL refuses the settings", since: offset)
                }
                #expect(try await shown("work_mem", on: member) == "7MB")
                // Nothing of it stays in the files: the server still comes up from them. It says so just before.
                try await eventually(within: .seconds(5), "\(member.name) has the former files again") {
                    try await member.query("SELECT count(*) FROM pg_file_settings WHERE name = 'no_such_parameter'")
                        .scalar == "0"
                }
            }
            try await apply(["work_mem": "9MB"])
            for member in cluster.members {
                try await eventually(within: .seconds(60), "\(member.name) applies the corrected settings") {
                    try await shown("work_mem", on: member) == "9MB"
                }
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name)
            #expect(after.timeline == before.timeline)
        }
    }

    @Test func `a parameter that needs a restart and is taken out waits for one, and holds no other setting up`()
        async throws
    {
        try await with(1) { cluster in
            let member = cluster.members[0]
            func apply(_ parameters: [String: JSONValue]) async throws {
                var wanted = Self.configuration
                wanted["postgresql"] = ["parameters": .object(parameters)]
                try await cluster.annotate(.configuration, ["config": .string(wanted.serialized())])
            }
            func expectInForce(_ value: String) async throws {
                try await eventually(within: .seconds(60), "work_mem is \(value)") {
                    try await member.query("SHOW work_mem").scalar == value
                }
            }
            let archiving: [String: JSONValue] = ["archive_mode": "on", "archive_command": "true"]
            try await apply(archiving)
            try member.start()
            try await cluster.healthy()
            #expect(try await member.query("SHOW archive_mode").scalar == "on")

            try await apply(["work_mem": "7MB"])
            try await expectInForce("7MB")
            try await apply(["work_mem": "9MB"])
            try await expectInForce("9MB")
            try await eventually(within: .seconds(10), "it says that archive_mode waits for a restart") {
                try await cluster.memberStatus(member).serialized().contains("archive_mode")
            }
            #expect(!member.hasSaid("PostgreSQL refuses the settings"))
            // And back, as if nothing had been.
            try await apply(archiving.merging(["work_mem": "8MB"]) { $1 })
            try await expectInForce("8MB")
        }
    }

    @Test func `lines PostgreSQL refuses reach no member's files, and none of the user's keeps agents or replicas out`()
        async throws
    {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            try await cluster.healthy()
            let everybody: JSONValue = "host all all all scram-sha-256"
            func apply(hba: [JSONValue], ident: [JSONValue] = []) async throws {
                var wanted = Self.configuration
                wanted["postgresql"]?["pg_hba"] = .array(hba)
                wanted["postgresql"]?["pg_ident"] = .array(ident)
                try await cluster.annotate(.configuration, ["config": .string(wanted.serialized())])
            }
            func text(_ file: String, of member: MemberProcess) throws -> String {
                try #require(cluster.text(of: "\(member.name)/pgdata/\(file)"))
            }
            func expectRefused(_ words: String, at path: String, _ part: String, in file: String) async throws {
                for member in cluster.members {
                    try await eventually(within: .seconds(60), "\(member.name) says what is wrong") {
                        let status = try await cluster.memberStatus(member).serialized()
                        return status.contains(words) && status.contains(path)
                    }
                    #expect(try !text(file, of: member).contains(part))
                }
            }
            func restartAll() async throws {
                for member in cluster.members { try await member.destroy() }
                for member in cluster.members { try member.start() }
                try await cluster.healthy()
            }

            try await apply(hba: [everybody, "host all all 10.0.0.0/8 scram-sha-256 clientcert=verify-full"])
            try await expectRefused(
                "clientcert can only be configured", at: "spec.postgresql.pgHBA[1]", "clientcert", in: "pg_hba.conf")
            try await restartAll()
            try await expectRefused(
                "clientcert can only be configured", at: "spec.postgresql.pgHBA[1]", "clientcert", in: "pg_hba.conf")

            try await apply(hba: [everybody], ident: ["corp /^(.*@example postgres"])
            try await expectRefused(
                "parentheses () not balanced", at: "spec.postgresql.pgIdent[0]", "corp", in: "pg_ident.conf")
            try await restartAll()

            // Well formed, and meant for everybody: the agents' own lines stand before them.
            try await apply(
                hba: [
                    "host all postgres all scram-sha-256", "local all all reject", "host replication all all reject",
                    "host all all all reject",
                ], ident: ["corp /^(.*)@example postgres"])
            for member in cluster.members {
                try await eventually(within: .seconds(60), "\(member.name) has the lines") {
                    try text("pg_hba.conf", of: member).contains("host all all all reject")
                        && text("pg_ident.conf", of: member).contains("corp")
                }
            }
            try await restartAll()
        }
    }

    @Test func `settings no server starts with take none down, over the end of all Pods too, and status says why`()
        async throws
    {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            try await cluster.healthy()
            func apply(_ parameters: [String: JSONValue]) async throws {
                var wanted = Self.configuration
                wanted["postgresql"]?["parameters"] = .object(
                    ["shared_buffers": "16MB", "max_connections": "30"].merging(parameters) { $1 })
                try await cluster.annotate(.configuration, ["config": .string(wanted.serialized())])
            }
            func expectTold(_ words: String) async throws {
                for member in cluster.members {
                    try await eventually(within: .seconds(60), "\(member.name) says what is wrong") {
                        try await cluster.memberStatus(member).serialized().contains(words)
                    }
                }
            }
            func restartAll() async throws {
                for member in cluster.members { try await member.destroy() }
                for member in cluster.members { try member.start() }
                try await cluster.healthy()
            }

            try await apply(["shared_preload_libraries": "pg_stat_statments"])
            try await expectTold("could not access file")
            try await restartAll()
            try await expectTold("could not access file")

            try await apply(["shared_buffers": "900GB"])
            try await expectTold("MB of memory ")
            try await restartAll()

            // What no proof shows: a file that only the running server would write.
            try await apply(["logging_collector": "on", "log_filename": "nowhere/server.log", "work_mem": "7MB"])
            for member in cluster.members {
                try await eventually(within: .seconds(60), "\(member.name) has what needs no restart") {
                    try await member.query("SHOW work_mem").scalar == "7MB"
                }
            }
            try await restartAll()
            try await expectTold("PostgreSQL has not come up with them")
            for member in cluster.members {
                #expect(try await member.query("SHOW logging_collector").scalar == "off")
            }
            try await apply(["work_mem": "8MB"])
            for member in cluster.members {
                try await eventually(within: .seconds(60), "\(member.name) applies the corrected settings") {
                    try await member.query("SHOW work_mem").scalar == "8MB"
                }
            }
        }
    }

    @Test func `settings that were refused for want of a certificate are used when it is there`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            try await cluster.healthy()
            func apply(_ parameters: [String: JSONValue]) async throws {
                var wanted = Self.configuration
                wanted["postgresql"]?["parameters"] = .object(parameters)
                try await cluster.annotate(.configuration, ["config": .string(wanted.serialized())])
            }
            func expect(_ name: String, _ value: String) async throws {
                for member in cluster.members {
                    try await eventually(within: .seconds(60), "\(member.name) has \(name) \(value)") {
                        try await member.query("SHOW \(name)").scalar == value
                    }
                }
            }
            let encrypted: [String: JSONValue] = ["shared_buffers": "16MB", "work_mem": "9MB", "ssl": "on"]
            try await apply(encrypted)
            for member in cluster.members {
                try await eventually(within: .seconds(60), "\(member.name) says what is missing") {
                    try await cluster.memberStatus(member).serialized().contains("server.crt")
                }
            }
            try await apply(["shared_buffers": "16MB", "work_mem": "7MB"])
            try await expect("work_mem", "7MB")
            for member in cluster.members {
                _ = try await BuiltProgram.shell(
                    """
                    set -e
                    cd '\(member.dataDirectory)'
                    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=demo \\
                        -keyout server.key -out server.crt 2>&1
                    chmod 600 server.key
                    chown --reference=PG_VERSION server.key server.crt
                    """)
            }
            try await apply(encrypted)
            try await expect("work_mem", "9MB")
            try await expect("ssl", "on")
        }
    }

    @Test func `files edited by hand are as they were at the next loop, on every member, and the log says so`()
        async throws
    {
        try await withThree { cluster, _ in
            for member in cluster.members {
                let offset = member.logEnd
                let path = "\(member.dataDirectory)/pg_hba.conf"
                let before = try #require(cluster.text(of: "\(member.name)/pgdata/pg_hba.conf"))
                let file = try #require(fopen(path, "a"))
                fputs("host all all 192.0.2.0/24 trust\n", file)
                fclose(file)
                try await eventually(within: .seconds(10), "\(member.name) has its lines again") {
                    cluster.text(of: "\(member.name)/pgdata/pg_hba.conf") == before
                }
                try await eventually(within: .seconds(5), "\(member.name) says so") {
                    member.hasSaid("files of the server were edited by hand", since: offset)
                }
            }
        }
    }

    @Test func `the former settings stay in force over the ends of the server, the agent and the container`()
        async throws
    {
        try await with(1) { cluster in
            let member = cluster.members[0]
            try member.start()
            try await cluster.healthy()
            let rule = "host shop shop 192.0.2.0/24 scram-sha-256"
            func apply(_ parameters: [String: JSONValue], rules: [JSONValue]) async throws {
                var wanted = Self.configuration
                wanted["postgresql"] = ["parameters": .object(parameters), "pg_hba": .array(rules)]
                try await cluster.annotate(.configuration, ["config": .string(wanted.serialized())])
            }
            func expectFormer() async throws {
                #expect(try await member.query("SHOW work_mem").scalar == "7MB")
                let rules = try await member.query(
                    "SELECT count(*) FROM pg_hba_file_rules WHERE database = '{shop}' AND error IS NULL")
                #expect(rules.scalar == "1")
                try await eventually(within: .seconds(5), "it has the former files again") {
                    try await member.query("SELECT count(*) FROM pg_file_settings WHERE name = 'no_such_parameter'")
                        .scalar == "0"
                }
            }
            let rules: [JSONValue] = [.string(rule), "host all all all scram-sha-256"]
            try await apply(["work_mem": "7MB"], rules: rules)
            try await eventually(within: .seconds(60), "it applies work_mem") {
                try await member.query("SHOW work_mem").scalar == "7MB"
            }
            try await apply(["work_mem": "9MB", "no_such_parameter": "1"], rules: ["host all all all scram-sha-256"])
            try await eventually(within: .seconds(60), "it refuses the parameter") {
                member.hasSaid("PostgreSQL refuses the settings")
            }
            try await expectFormer()

            for end in ["server", "agent", "container"] {
                let offset = member.logEnd
                switch end {
                case "server": kill(try #require(member.postmaster), SIGKILL)
                case "agent": kill(try #require(member.agentProcess), SIGKILL)
                default: try await member.destroy()
                }
                if !member.isRunning { try member.start() }
                try await eventually(within: .seconds(30), "it leads again after the end of the \(end)") {
                    let health = try await Health(of: cluster)
                    return health.isHealthy(1) && member.hasSaid("I am (demo-0), the leader with", since: offset)
                }
                try await eventually(within: .seconds(60), "it says what is wrong after the end of the \(end)") {
                    try await cluster.memberStatus(member).serialized().contains("no_such_parameter")
                }
                try await expectFormer()
            }
            // As after an agent of an earlier version, which kept nothing: what only the server knows is left to it.
            #expect(unlink("\(member.dataDirectory).settings") == 0)
            let offset = member.logEnd
            kill(try #require(member.agentProcess), SIGKILL)
            try await eventually(within: .seconds(30), "it asks the server again") {
                member.hasSaid("the files of the server are left as they were", since: offset)
            }
            try await expectFormer()
            try await apply(["work_mem": "9MB"], rules: rules)
            try await eventually(within: .seconds(60), "it applies the corrected settings") {
                try await member.query("SHOW work_mem").scalar == "9MB"
            }
        }
    }
}
