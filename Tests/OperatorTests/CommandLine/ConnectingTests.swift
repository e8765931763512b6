import ClusterRecords
import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import TestSupport
import Testing

/// `matriarch dsn`, `psql` and `query` as people run them, against a real API server and a real PostgreSQL.
@Suite(.timeLimit(.minutes(3))) struct ConnectingTests {
    private static let sesame = "open:sesame\\7"

    /// A cluster whose leader demo-0 is a server of this machine, with a database of an application.
    private func withCluster(
        _ body: (CommandLineLab, ScratchServer) async throws -> Void
    ) async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        let server = try await ScratchServer.start(password: "root-sesame")
        do {
            _ = try await server.run(
                """
                CREATE ROLE app LOGIN PASSWORD '\(Self.sesame.replacing("\\", with: "\\\\"))';
                CREATE DATABASE app OWNER app;
                """.replacing("PASSWORD '", with: "PASSWORD E'"))
            try await publish(line, "demo-0", port: Int(server.port))
            try await secret(line, "demo-app", ["username": "app", "password": .string(Self.sesame), "dbname": "app"])
            try await secret(line, "demo-superuser", ["username": "postgres", "password": "root-sesame"])
            try await body(line, server)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }

    private func publish(_ line: CommandLineLab, _ member: String, port: Int, host: String = "127.0.0.1") async throws {
        let status: JSONValue = [
            "conn_url": .string("postgres://\(host):\(port)/postgres"), "state": "running",
            "role": member == "demo-0" ? "primary" : "replica",
        ]
        _ = try await line.lab.client.mergePatchRaw(
            Pod.resource, name: member, namespace: line.lab.namespace,
            body: ["metadata": ["annotations": [StoreKey.memberStatus: .string(status.serialized())]]])
    }

    private func secret(_ line: CommandLineLab, _ name: String, _ values: JSONValue) async throws {
        _ = try await line.lab.client.createRaw(
            Secret.resource, body: ["metadata": ["name": .string(name)], "stringData": values],
            namespace: line.lab.namespace)
    }

    @Test func `a statement runs as the application's owner, and its rows come in every form`() async throws {
        try await withCluster { line, _ in
            let sql = "SELECT current_user AS who, current_database() AS base, NULL AS nothing"
            let rows = try await line.run("query", "demo", "-c", sql)
            #expect(rows.status == 0, "\(rows.error)")
            #expect(rows.output == "who\tbase\tnothing\napp\tapp\t\n")
            let json = try await line.run("query", "demo", "-c", sql, "-o", "json")
            #expect(try JSONValue(parsing: json.output) == [["who": "app", "base": "app", "nothing": .null]])
            let superuser = try await line.run(
                "query", "demo", "-U", "postgres", "--file", "-", input: "SELECT 1; SELECT 2")
            #expect(superuser.output == "?column?\n2\n", "\(superuser.error)")
            let table = try await line.run("query", "demo", "-c", "SELECT 1 AS one", "-o", "pretty")
            #expect(table.output == "+-----+\n| one |\n+-----+\n|   1 |\n+-----+\n")
        }
    }

    @Test func `what the server refuses is an error with its words and its code`() async throws {
        try await withCluster { line, _ in
            let refused = try await line.run("query", "demo", "-c", "CREATE ROLE other")
            #expect(refused.status == 1)
            #expect(refused.error.contains("permission denied to create role"))
            #expect(refused.error.contains("(SQLSTATE 42501)"))
            // Who is named and has no Secret comes with a password of his own.
            let stranger = try await line.run(
                "query", "demo", "-U", "nobody", "-c", "SELECT 1", environment: ["PGPASSWORD": "wrong"])
            #expect(stranger.status == 1)
            #expect(stranger.error.contains("28P01"), "\(stranger.error)")
            let encrypted = try await line.run(
                "query", "demo", "-c", "SELECT 1", environment: ["PGSSLMODE": "verify-full"])
            #expect(encrypted.error == "Error: PGSSLMODE=verify-full is not what query does; use: matriarch psql\n")
        }
    }

    @Test func `psql gets its arguments, and its status is the command's`() async throws {
        try await withCluster { line, _ in
            let rows = try await line.run(
                "psql", "demo", "--", "-XAtc", "SELECT current_user",
                environment: ["PGHOSTADDR": "192.0.2.1", "PGSERVICE": "elsewhere"])
            #expect(rows.status == 0, "\(rows.error)")
            #expect(rows.output == "app\n")
            let failed = try await line.run("psql", "demo", "-U", "postgres", "--", "-Xc", "SELECT nonsense")
            #expect(failed.status == 1)
            let missing = try await line.run("psql", "demo", environment: ["PATH": "/nowhere"])
            #expect(missing.error.hasPrefix("Error: psql is not in PATH"))
        }
    }

    /// A statement that is still running, and how often the test's server runs it.
    private static let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"

    @Test(arguments: ["", "INT", "TERM"])
    func `no password stands in an argument or in a file, and a statement ends with the command`(
        signal: String
    ) async throws {
        try await withCluster { line, server in
            let folder = try line.programs([
                "slow": """
                echo $$ >"$0.pid"
                exec '\(try BuiltProgram.path())' query -n \(line.lab.namespace) demo \\
                    -c 'SELECT pg_sleep(\(signal.isEmpty ? 4 : 60))'
                """
            ])
            let variables = line.environment.compactMapValues { $0 }.map { "\($0.key)='\($0.value)'" }
            let files = "find '\(folder)/tmp' -type f"
            _ = try await BuiltProgram.shell("mkdir '\(folder)/tmp'")
            async let slow = BuiltProgram.shell(
                "TMPDIR='\(folder)/tmp' \(variables.joined(separator: " ")) '\(folder)/slow' 2>&1 || echo ended")
            try await eventually("the session") { try await server.run(Self.sleeping) == "1\n" }
            let arguments = try line.processes()
            #expect(arguments.contains("pg_sleep("))
            #expect(!arguments.contains("sesame"))
            // Meanwhile too.
            #expect(try await BuiltProgram.shell(files) == "")
            if !signal.isEmpty { _ = try await BuiltProgram.shell("kill -\(signal) $(cat '\(folder)/slow.pid')") }
            let said = try await slow
            #expect(said.hasSuffix("ended\n") == !signal.isEmpty, "\(said)")
            #expect(try await BuiltProgram.shell(files) == "")
            try await eventually(within: .seconds(10), "the statement ends") {
                try await server.run(Self.sleeping) == "0\n"
            }
            _ = try await BuiltProgram.shell("rm -rf '\(folder)'")
        }
    }

    @Test func `a server that cannot be reached is forwarded to through the API server`() async throws {
        try await withCluster { line, server in
            // Nothing listens there; what kubectl would do is done beside it.
            try await publish(line, "demo-0", port: 1)
            let folder = try line.programs([
                "kubectl": """
                echo "$@" >"$0.asked"
                echo 'Forwarding from 127.0.0.1:\(server.port) -> 5432'
                while :; do sleep 0.1; done
                """
            ])
            let path = getenv("PATH").map { String(cString: $0) } ?? ""
            let rows = try await line.run(
                "query", "demo", "-c", "SELECT 1 AS one", environment: ["PATH": "\(folder):\(path)"])
            #expect(rows.output == "one\n1\n", "\(rows.error)")
            let asked = try line.text("\(folder)/kubectl.asked")
            #expect(asked == "--namespace \(line.lab.namespace) port-forward pod/demo-0 --address 127.0.0.1 :1\n")
            #expect(try !line.processes().contains("\(folder)"), "kubectl was left behind")
            let failing = try line.programs(["kubectl": "echo 'error: pods \"demo-0\" is forbidden' >&2; exit 1"])
            let refused = try await line.run(
                "query", "demo", "-c", "SELECT 1", environment: ["PATH": "\(failing):\(path)"])
            #expect(
                refused.error == "Error: kubectl opens no port to demo-0: error: pods \"demo-0\" is forbidden\n")
            let none = try await line.run("query", "demo", "-c", "SELECT 1", environment: ["PATH": "/nowhere"])
            #expect(none.error.contains("demo-0 cannot be reached from here, and kubectl"))
        }
    }

    @Test(arguments: ["KILL", "QUIT", "TERM"])
    func `a forward ends with the command, whatever ends that`(signal: String) async throws {
        try await withCluster { line, server in
            try await publish(line, "demo-0", port: 1)
            let folder = try line.programs([
                "kubectl": "echo 'Forwarding from 127.0.0.1:\(server.port) -> 5432'; while :; do sleep 0.1; done",
                "psql": "echo $$ >\"$0.pid\"; exec sleep 60",
                "command": """
                echo $$ >"$0.pid"
                exec '\(try BuiltProgram.path())' psql -n \(line.lab.namespace) demo
                """,
            ])
            let path = getenv("PATH").map { String(cString: $0) } ?? ""
            let variables = line.environment.compactMapValues { $0 }.map { "\($0.key)='\($0.value)'" }
            async let ended = BuiltProgram.shell(
                "PATH='\(folder):\(path)' \(variables.joined(separator: " ")) '\(folder)/command' 2>&1 || echo ended")
            try await eventually("psql runs") { access("\(folder)/psql.pid", R_OK) == 0 }
            #expect(try line.processes().contains("\(folder)/kubectl"))
            _ = try await BuiltProgram.shell("kill -\(signal) $(cat '\(folder)/command.pid')")
            if signal == "TERM" {
                // The program it runs ends first.
                let said = try await ended
                #expect(said.hasSuffix("ended\n"))
                #expect(
                    try await BuiltProgram.shell("kill -0 $(cat '\(folder)/psql.pid') 2>&1 || echo gone").hasSuffix(
                        "gone\n"))
            } else {
                // psql has the terminal, and is ended by whoever sits there.
                _ = try await BuiltProgram.shell("kill -TERM $(cat '\(folder)/psql.pid')")
                _ = try await ended
            }
            try await eventually("the forward ends") { try !line.processes().contains("\(folder)/kubectl") }
            _ = try await BuiltProgram.shell("rm -rf '\(folder)'")
        }
    }

    @Test(
        arguments: [
            // It asks for the password in plain text, or its MD5, and would be told.
            [UInt8(ascii: "R"), 0, 0, 0, 8, 0, 0, 0, 3], [UInt8(ascii: "R"), 0, 0, 0, 8, 0, 0, 0, 5],
            // It lets in whoever comes.
            [UInt8(ascii: "R"), 0, 0, 0, 8, 0, 0, 0, 0],
            // It takes nothing but encrypted sessions, and asks there.
            [UInt8(ascii: "E"), 0, 0, 0, 11] + Array("SFATAL".utf8),
        ])
    func `a stranger at the address is not given the password`(greeting: [UInt8]) async throws {
        try await withCluster { line, _ in
            let stranger = try ScriptedServer { connection in
                connection.write(greeting)
                connection.waitForClose()
            }
            try await publish(line, "demo-0", port: Int(stranger.port))
            for command in [["query", "demo", "-c", "SELECT 1"], ["psql", "demo"]] {
                let psql = try line.programs(["psql": "exit 7"])
                let refused = try await line.run(command, environment: ["PATH": psql])
                #expect(refused.error.contains("demo-0 cannot be reached from here"), "\(refused.error)")
                _ = try await BuiltProgram.shell("rm -rf '\(psql)'")
            }
            #expect(stranger.connections == 2)
        }
    }

    @Test func `dsn tells where the leader, a replica and a member are`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        for (ordinal, member) in ["demo-0", "demo-1", "demo-2"].enumerated() {
            try await publish(line, member, port: 5432, host: "10.0.0.\(7 + ordinal)")
        }
        #expect(try await line.run("dsn", "demo").output == "host=10.0.0.7 port=5432\n")
        #expect(try await line.run("dsn", "demo", "--role", "replica").status == 0)
        #expect(try await line.run("dsn", "demo", "-m", "demo-2").output == "host=10.0.0.9 port=5432\n")
        _ = try await line.lab.client.createRaw(
            Service.resource,
            body: ["metadata": ["name": "demo"], "spec": ["ports": [["name": "postgres", "port": 6432]]]],
            namespace: line.lab.namespace)
        let address = try await line.lab.object(Service.resource, "demo").value(at: "spec", "clusterIP")?.stringValue
        #expect(try await line.run("dsn", "demo").output == "host=\(address ?? "?") port=6432\n")
        for (arguments, status, message) in [
            (["dsn", "demo", "-m", "demo-9"], 1, "Error: Member demo-9 does not exist in cluster demo\n"),
            (["dsn", "demo", "-r", "standby-leader"], 1, "is no standby cluster: it has no standby leader"),
            (["dsn", "demo", "-r", "any", "-m", "demo-1"], 64, "--role and --member are mutually exclusive options."),
            (["query", "demo"], 64, "You need to specify either --command or --file."),
            (["query", "demo", "-c", "a", "--file", "b"], 64, "--file and --command are mutually exclusive options."),
            (
                ["query", "demo", "-c", "a"], 1,
                "has no Secret demo-app of an application: name a user, such as -U postgres"
            ),
        ] as [([String], Int32, String)] {
            let outcome = try await line.run(arguments)
            #expect(outcome.status == status, "\(arguments)")
            #expect(outcome.error.contains(message), "\(arguments): \(outcome.error)")
        }
        try await line.lab.putLock("")
        #expect(try await line.run("dsn", "demo").error == "Error: This cluster has no leader\n")
    }
}
