import ClusterRecords
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    private static let bootstrap: JSONValue = [
        "initdb": ["application": ["database": "shop", "owner": "keeper", "secret": "demo-app"]]
    ]

    private func login(_ member: MemberProcess, _ password: String) async throws -> PostgresConnection {
        try await member.open(database: "shop", user: "keeper", password: password)
    }

    private func run(_ member: MemberProcess, _ password: String, _ sql: String) async throws -> String? {
        let connection = try await login(member, password)
        let result = try await connection.query(sql, deadline: .seconds(5))
        await connection.close()
        return result.scalar
    }

    @Test func `an application gets in where its cluster is led, with the password its Secret has by now`() async throws
    {
        var configuration = Self.configuration
        configuration["postgresql"] = [
            "parameters": ["shared_buffers": "16MB", "max_connections": 30, "log_statement": "all"]
        ]
        try await with(2, configuration: configuration) { cluster in
            try cluster.writeBootstrap(Self.bootstrap)
            try cluster.writeApplicationSecret(username: "keeper", password: "first-sesame")
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            _ = try await run(before.leader, "first-sesame", "CREATE TABLE orders AS SELECT 7 AS n")
            try await eventually("the standby has it") {
                try await run(before.standbys[0], "first-sesame", "SELECT n FROM orders") == "7"
            }

            try cluster.writeApplicationSecret(username: "keeper", password: "second-sesame")
            try await eventually(within: .seconds(20), "the new password is taken") {
                try await run(before.leader, "second-sesame", "SELECT n FROM orders") == "7"
            }
            let refusal = await #expect(throws: PostgresError.self) {
                _ = try await login(before.leader, "first-sesame")
            }
            #expect(refusal?.sqlState == "28P01")

            try cluster.writeApplicationSecret(username: "keeper", password: "third\nsesame")
            try await eventually(within: .seconds(20), "the leader says what is wrong with the Secret") {
                try await cluster.status(of: before.leader.name).contains(
                    "the role keeper keeps the password it has: Secret demo-app: password must be one line")
            }
            #expect(try await run(before.leader, "second-sesame", "SELECT n FROM orders") == "7")

            // The next leader goes by the Secret, too.
            try await before.leader.destroy()
            let after = try await cluster.healthy(of: 1)
            #expect(try await run(after.leader, "second-sesame", "SELECT n FROM orders") == "7")
            try cluster.writeApplicationSecret(username: "keeper", password: "fourth-sesame")
            try await eventually(within: .seconds(20), "the new leader has taken the new password") {
                try await run(after.leader, "fourth-sesame", "SELECT n FROM orders") == "7"
            }
            try await eventually(within: .seconds(20), "nothing is wrong any more") {
                try await !cluster.status(of: after.leader.name).contains("Secret demo-app")
            }
            for member in cluster.members {
                #expect(!member.hasSaid("-sesame") && !member.hasSaid("SCRAM-SHA-256$"))
            }
        }
    }

    @Test func `a bootstrap that is killed before the application's database is there ends whole all the same`()
        async throws
    {
        try await with(1) { cluster in
            let member = cluster.members[0]
            try cluster.writeBootstrap(Self.bootstrap)
            try cluster.writeApplicationSecret(username: "keeper", password: "first-sesame")
            // initdb's own servers are started otherwise.
            let variables = try member.replaceProgram(
                "postgres", by: #"[ "$1 $4" = "--single -D" ] && exec sleep 600; exec "$program" "$@""#)
            try member.start(environment: variables)
            try await eventually(within: .seconds(30), "initdb is done, and the database is about to be made") {
                !member.processes(titled: "sleep 600").isEmpty
            }
            try await member.destroy()
            #expect(!member.hasSaid("initialized a new cluster"))
            #expect(cluster.text(of: "demo-0/pgdata.incomplete") == "initdb")
            let offset = member.logEnd
            try member.start()
            try await cluster.healthy()
            #expect(member.hasSaid("initialized a new cluster", since: offset))
            #expect(try await run(member, "first-sesame", "SELECT current_database()") == "shop")
        }
    }

    @Test func `a new cluster waits for its application's Secret, and says what it must have`() async throws {
        try await with(1) { cluster in
            let member = cluster.members[0]
            let version = try await cluster.version(of: .configuration)
            try cluster.writeBootstrap([
                "initdb": ["application": ["database": "shop", "owner": "kepper", "secret": "demo-app"]]
            ])
            try member.start()
            try await eventually(within: .seconds(20), "the member says what is missing") {
                try await cluster.status(of: member.name).contains(
                    "no new cluster is made: Secret demo-app: there is no username")
            }
            try cluster.writeApplicationSecret(username: "keeper", password: "late-sesame")
            try await eventually(within: .seconds(20), "the member says what is wrong") {
                try await cluster.status(of: member.name).contains("Secret demo-app: username must be kepper")
            }
            #expect(member.postgresProcesses.isEmpty)
            // Nothing is claimed, so nothing is written for each try, and there are few.
            #expect(try await cluster.version(of: .configuration) == version)
            // The owner was a slip of the pen.
            try cluster.writeBootstrap(Self.bootstrap)
            try await cluster.healthy()
            #expect(try await run(member, "late-sesame", "SELECT current_database()") == "shop")
            try await eventually(within: .seconds(20), "nothing is wrong any more") {
                try await !cluster.status(of: member.name).contains("Secret demo-app")
            }
        }
    }

    @Test func `an application that locks its own role holds up nothing else of the leader`() async throws {
        func settings(_ memory: String) -> JSONValue {
            var configuration = Self.configuration
            configuration["postgresql"] = [
                "parameters": ["shared_buffers": "16MB", "max_connections": 30, "work_mem": .string(memory)]
            ]
            return [StoreKey.configuration: .string(configuration.serialized())]
        }
        try await with(1) { cluster in
            let member = cluster.members[0]
            try cluster.writeBootstrap(Self.bootstrap)
            try cluster.writeApplicationSecret(username: "keeper", password: "first-sesame")
            try member.start()
            try await cluster.healthy()
            let connection = try await login(member, "first-sesame")
            _ = try await connection.query("BEGIN; ALTER ROLE keeper PASSWORD 'x'", deadline: .seconds(5))
            let offset = member.logEnd
            try cluster.writeApplicationSecret(username: "keeper", password: "second-sesame")
            let sentence = "the password of the application's role is not set yet"
            try await eventually(within: .seconds(20), "the leader has tried") {
                member.hasSaid(sentence, since: offset)
            }
            try await cluster.annotate(.configuration, settings("5MB"))
            try await eventually(within: .seconds(60), "settings are taken") {
                try await run(member, "first-sesame", "SHOW work_mem") == "5MB"
            }
            // One try in half a minute.
            #expect(member.log(since: offset).count { $0.serialized().contains(sentence) } == 1)
            #expect(member.isRunning)
            await connection.close()
        }
    }
}
