import Fence
import Glibc
import Logging
import PostgresClient
import PostgresConfiguration
import ServerControl
import Synchronization
import Testing
import Units

@testable import PostgresInstance

@Suite(.serialized)
struct LifecycleTests {
    @Test func `a new cluster accepts writes and says what it is`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            #expect(try await server.instance.dataDirectoryState() == .absent)
            try await server.bootstrap()
            try await server.run("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")

            let status = try await server.status()
            #expect(!status.isInRecovery)
            #expect(status.timeline == Timeline(rawValue: 1))
            #expect(status.version.major >= 14)
            #expect(status.position > .invalid)
            #expect(status.pendingRestart.isEmpty)
            guard case .initialized(let control, let version) = try await server.instance.dataDirectoryState() else {
                Issue.record("the data directory is not initialized")
                return
            }
            #expect(control.systemIdentifier == status.systemIdentifier)
            #expect(control.dataChecksumVersion == 1)
            #expect(control.state == .inProduction)
            #expect(version.major == status.version.major)

            let settings = try await server.run(
                "SELECT current_setting('password_encryption'), current_setting('wal_log_hints'), current_setting('cluster_name')"
            )
            #expect(settings.rows == [["scram-sha-256", "on", "demo"]])
            let roles = try await server.run(
                "SELECT count(*) FROM pg_authid WHERE rolname IN ('postgres', 'replicator', 'rewinder') AND rolpassword LIKE 'SCRAM-SHA-256$%'"
            )
            #expect(roles.scalar == "3")
            // The password file of initdb is gone, and no log holds a password.
            #expect(!FileSystem.exists("\(server.instance.layout.runtimeDirectory)/initdb-password"))
            #expect(!server.lastLog.contains("secret"))
        }
    }

    @Test func `initdb and a copy refuse a directory that is not empty`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            let directory = server.instance.layout.dataDirectory
            try FileSystem.makeDirectory(directory, owner: nil)
            try FileSystem.write("mine", to: "\(directory)/notes.txt", mode: 0o600, owner: nil)
            guard case .unreadable = try await server.instance.dataDirectoryState() else {
                Issue.record("a foreign directory was not seen as such")
                return
            }
            await #expect { try await server.instance.initialize() } throws: {
                ($0 as? InstanceError)?.code == .refused
            }
            await #expect {
                try await server.instance.clone(from: server.upstream(for: server), deadline: .seconds(5))
            } throws: {
                ($0 as? InstanceError)?.code == .refused
            }
            #expect(FileSystem.readIfPresent("\(directory)/notes.txt") == "mine")
        }
    }

    @Test func `the same settings leave the files alone, new ones say what they need`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let instance = server.instance
            #expect(try await instance.writeConfiguration(server.settings, role: .primary) == .unchanged)

            let more = try PostgresSettings(
                clusterName: "demo", parameters: ["shared_buffers": "16MB", "work_mem": "8MB"])
            #expect(try await instance.writeConfiguration(more, role: .primary) == .reload)
            try await instance.reload()
            try await eventually("work_mem is in force") { try await server.run("SHOW work_mem").scalar == "8MB" }

            let larger = try PostgresSettings(
                clusterName: "demo",
                parameters: ["shared_buffers": "24MB", "max_connections": "120", "work_mem": "8MB"])
            let change = try await instance.writeConfiguration(larger, role: .primary)
            #expect(
                change
                    == .restart([
                        .init(name: "max_connections", oldValue: "100", newValue: "120"),
                        .init(name: "shared_buffers", oldValue: "'16MB'", newValue: "'24MB'"),
                    ]))
            try await instance.reload()
            try await eventually("the server reports the pending restart") {
                try await server.status().pendingRestart.map(\.name).sorted() == [
                    "max_connections", "shared_buffers",
                ]
            }
        }
    }

    @Test func `what only waits for a restart is no error of the files, and a value PostgreSQL cannot read is`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            func write(_ parameters: [String: String]) async throws {
                try await server.instance.writeConfiguration(
                    try PostgresSettings(clusterName: "demo", parameters: parameters), role: .primary)
            }
            try await server.bootstrap()
            try await write(["shared_buffers": "16MB", "archive_mode": "on", "archive_command": "true"])
            try await server.instance.stop(.fast)
            try await server.instance.start(
                try PostgresSettings(
                    clusterName: "demo",
                    parameters: ["shared_buffers": "16MB", "archive_mode": "on", "archive_command": "true"]),
                as: .primary)
            _ = try await server.instance.waitUntilAccepting(deadline: .seconds(30))

            // Taken out, and changed.
            try await write(["shared_buffers": "24MB"])
            #expect(try await server.instance.configurationFileErrors() == [])
            try await write(["shared_buffers": "16MB", "work_mem": "banana"])
            #expect(try await server.instance.configurationFileErrors().map(\.parameter) == ["work_mem"])
        }
    }

    @Test func `lines of access that the server cannot read are told before it is to use them`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let lines = try PostgresSettings(
                clusterName: "demo", parameters: ["shared_buffers": "16MB"],
                hba: [
                    // The first never matches without TLS, and is no error; radius is known to every build of PostgreSQL.
                    "hostssl all all all scram-sha-256",
                    "host all all all radius radiusservers=127.0.0.1 radiussecrets=my s3=cret",
                    "host all all all scram-sha-256",
                ], ident: ["corp a postgres", "corp /^(.*@example postgres"])
            try await server.instance.writeConfiguration(lines, role: .primary)
            let errors = try await server.instance.configurationFileErrors()
            let isTold = AccessLines.tellsUserNameMaps(try #require(server.instance.dataVersion))
            #expect(errors.map(\.place) == ["pg_hba[1]"] + (isTold ? ["pg_ident[1]"] : []), "\(errors)")
            #expect(errors.first?.message == "unrecognized authentication option name: \"(hidden)\"")
            try await server.instance.writeConfiguration(server.settings, role: .primary)
            #expect(try await server.instance.configurationFileErrors() == [])
        }
    }

    @Test func `files that were written without a reload go on asking for one, also of the next agent`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let instance = server.instance
            let more = try PostgresSettings(
                clusterName: "demo", parameters: ["shared_buffers": "16MB", "work_mem": "8MB"])
            #expect(try await instance.writeConfiguration(more, role: .primary) == .reload)
            // What came between failed, and the reload was not sent.
            #expect(try await instance.writeConfiguration(more, role: .primary) == .reload)

            // The agent ends before it is, too.
            let next = PostgresInstance(
                layout: instance.layout, credentials: world.credentials,
                logger: Logger(label: "next", factory: { _ in SwiftLogNoOpLogHandler() }))
            _ = try #require(await next.adopt())
            #expect(try await next.writeConfiguration(more, role: .primary) == .reload)
            try await next.reload()
            try await eventually("work_mem is in force") { try await server.run("SHOW work_mem").scalar == "8MB" }
            #expect(try await next.writeConfiguration(more, role: .primary) == .unchanged)

            // A start has read what was written before it.
            try await instance.stop(.fast)
            #expect(try await instance.writeConfiguration(server.settings, role: .primary) == .reload)
            try await server.startAndWait(as: .primary)
            #expect(try await instance.writeConfiguration(server.settings, role: .primary) == .unchanged)
        }
    }

    @Test func `a start that was cancelled late starts nothing`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.instance.stop(.fast)
            let directory = server.instance.layout.dataDirectory
            // Something to kill, which is told after the last wait of a start.
            var leftover: pid_t = 0
            let command = ["/bin/sh", "-c", "cd \(directory) && exec sleep 600"]
            let arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
            defer { for copy in arguments { free(copy) } }
            try #require(posix_spawn(&leftover, "/bin/sh", nil, nil, arguments, environ) == 0)
            try await eventually("it works in the data directory") { server.processes == [leftover] }
            let start = Mutex<Task<PostmasterHandle, any Error>?>(nil)
            let instance = PostgresInstance(
                layout: server.instance.layout, credentials: world.credentials,
                logger: Logger(label: "cancelling") { _ in
                    LogListener { message in
                        if message.contains("killed processes") { start.withLock { $0?.cancel() } }
                    }
                })
            let settings = server.settings
            let task = start.withLock { start in
                let task = Task { try await instance.start(settings, as: .primary) }
                start = task
                return task
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(task.isCancelled)
            #expect(server.processes == [])
            #expect(instance.runningPostmaster == nil)
            try await instance.stop(.immediate)
            waitpid(leftover, nil, 0)
        }
    }

    @Test func `ALTER SYSTEM cannot change what the agent decides`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.allowAlterSystem()
            try await server.run("ALTER SYSTEM SET shared_buffers = '24MB'")
            try await server.run("SELECT pg_reload_conf()")
            try await eventually("what waits for a restart is seen, whoever asked for it") {
                try await server.status().pendingRestart.map(\.name) == ["shared_buffers"]
            }
            try await server.run("ALTER SYSTEM SET max_connections = 30")
            try await server.run("ALTER SYSTEM SET primary_conninfo = 'host=elsewhere'")
            try await server.run("ALTER SYSTEM SET work_mem = '9MB'")
            try await server.instance.stop(.fast)
            try await server.startAndWait(as: .primary)
            #expect(try await server.run("SHOW max_connections").scalar == "100")
            #expect(try await server.run("SHOW primary_conninfo").scalar == "")
            #expect(try await server.run("SHOW work_mem").scalar == "9MB")
        }
    }

    @Test func `what was edited by hand is as it was written, and what ALTER SYSTEM must not decide is taken out`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.allowAlterSystem()
            let instance = server.instance
            let before = await instance.configurationTexts
            #expect(try await instance.undoEdits().isEmpty)
            let data = instance.layout.dataDirectory
            func edit(_ name: String, _ text: String) throws {
                try FileSystem.write(
                    (before[name] ?? "") + text, to: "\(data)/\(name)", mode: 0o600, owner: instance.layout.runAs)
            }
            try edit("postgresql.conf", "work_mem = '99MB'\n")
            try edit("pg_hba.conf", "host all all all trust\n")
            try FileSystem.remove("\(data)/pg_ident.conf")
            try await server.run("ALTER SYSTEM SET max_connections = 50")
            try await server.run("ALTER SYSTEM SET maintenance_work_mem = '99MB'")
            #expect(
                try await instance.undoEdits()
                    == UndoneEdits(
                        files: ["pg_hba.conf", "pg_ident.conf", "postgresql.conf"], parameters: ["max_connections"]))
            #expect(await instance.configurationTexts == before)
            let automatic = try FileSystem.read("\(data)/postgresql.auto.conf")
            #expect(!automatic.contains("max_connections") && automatic.contains("maintenance_work_mem"))
            #expect(try await instance.undoEdits().isEmpty)
        }
    }

    @Test func `what a write of the agent's own has left is no edit, and is read once it is whole`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let instance = server.instance
            // In the way of the last of the three.
            let obstacle = "\(instance.layout.dataDirectory)/pg_ident.conf.new"
            #expect(mkdir(obstacle, 0o700) == 0)
            let wanted = try PostgresSettings(
                clusterName: "demo", parameters: ["shared_buffers": "16MB", "work_mem": "9MB"],
                ident: ["corp /^(.*)@example postgres"])
            await #expect(throws: InstanceError.self) {
                try await instance.writeConfiguration(wanted, role: .primary)
            }
            #expect(await instance.configurationTexts["postgresql.conf"]?.contains("9MB") == true)
            #expect(try await instance.undoEdits().isEmpty)
            #expect(await instance.configurationTexts["postgresql.conf"]?.contains("9MB") == true)
            #expect(rmdir(obstacle) == 0)
            let sameMaps = try PostgresSettings(
                clusterName: "demo", parameters: ["shared_buffers": "16MB", "work_mem": "9MB"])
            #expect(try await instance.writeConfiguration(sameMaps, role: .primary) == .reload)
        }
    }

    @Test func `after kill -9 of the postmaster with a busy backend nothing of it is left within a second`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let busy = try await server.open()
            let work = Task {
                try await busy.query("SELECT count(*) FROM generate_series(1, 2000000000)", deadline: .seconds(60))
            }
            try await eventually("a backend is busy") {
                try await server.run(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series(1, 2%' AND state = 'active'"
                )
                .scalar == "2"
            }
            var exits = server.instance.exits.makeAsyncIterator()
            let postmaster = try #require(server.instance.runningPostmaster)
            let start = BootClock.now()
            kill(postmaster.pid, SIGKILL)
            let exit = await exits.next()
            #expect(exit == PostmasterExit(pid: postmaster.pid, status: .signalled(SIGKILL)))
            let report = try await server.instance.stop(.immediate)
            // The backend would go on for minutes.
            #expect(BootClock.now() - start < .seconds(20))
            #expect(!report.isClean)
            #expect(server.processes.isEmpty)
            await #expect(throws: PostgresError.self) { try await work.value }

            try await server.startAndWait(as: .primary)
            #expect(try await !server.status().isInRecovery)
        }
    }

    @Test func `a stopped postmaster fails the fresh probe in time although the old session answers`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            _ = try await server.status()
            let postmaster = try #require(server.instance.runningPostmaster)
            #expect(await server.instance.probeFreshSession(deadline: .seconds(2)) == .opened)
            kill(postmaster.pid, SIGSTOP)
            let start = BootClock.now()
            #expect(await server.instance.probeFreshSession(deadline: .milliseconds(700)) == .silent)
            let elapsed = BootClock.now() - start
            #expect(elapsed >= .milliseconds(650) && elapsed < .seconds(15), "took \(elapsed)")
            #expect(try await server.status().isInRecovery == false)

            let report = try await server.instance.stop(.fast, deadline: .milliseconds(500))
            #expect(report.wasEscalated)
            #expect(server.processes.isEmpty)
        }
    }

    @Test func `full connection slots are not ill health`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.instance.stop(.fast)
            let few = try PostgresSettings(clusterName: "demo", parameters: ["max_connections": "25"])
            try await server.instance.start(few, as: .primary)
            #expect(try await server.instance.waitUntilAccepting(deadline: .seconds(10)) == .acceptingConnections)
            var held: [PostgresConnection] = []
            do {
                while held.count < 30 { held.append(try await server.open()) }
                Issue.record("30 sessions fit into 25")
            } catch let error as PostgresError {
                #expect(error.isTooManyConnections, "\(error)")
            }
            guard case .refused(let error) = await server.instance.probeFreshSession(deadline: .seconds(2)) else {
                Issue.record("a session more fits in")
                return
            }
            #expect(error.isTooManyConnections, "\(error)")
            for connection in held { await connection.close() }
        }
    }

    @Test func `a running server is adopted by the next agent, a stranger's process id is not`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let second = PostgresInstance(
                layout: server.instance.layout, credentials: world.credentials, logger: await server.instance.logger)
            let handle = await second.adopt()
            #expect(handle?.pid == server.instance.runningPostmaster?.pid)
            #expect(handle?.isChild == false)
            #expect(await second.observe().status != nil)
            let report = try await second.stop(.fast)
            #expect(report.isClean)
            #expect(report.shutdownCheckpoint?.timeline == Timeline(rawValue: 1))

            try await eventually("the parent has seen the exit") { server.instance.runningPostmaster == nil }
            let directory = server.instance.layout.dataDirectory
            let stale = "\(getpid())\n\(directory)\n0\n\(server.port)\n\n127.0.0.1\n\nready   \n"
            try FileSystem.write(stale, to: "\(directory)/postmaster.pid", mode: 0o600, owner: nil)
            #expect(await second.adopt() == nil)
            try await server.startAndWait(as: .primary)
        }
    }

    @Test func `the server inherits no secret and no blocked signal`() async throws {
        setenv("PATRONI_SUPERUSER_PASSWORD", "leak", 1)
        setenv("MATRIARCH_FENCE_FD", "9", 1)
        setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1)
        setenv("DEMO_PORT_5432_TCP_ADDR", "10.0.0.2", 1)
        defer {
            for name in [
                "PATRONI_SUPERUSER_PASSWORD", "MATRIARCH_FENCE_FD", "KUBERNETES_SERVICE_HOST",
                "DEMO_PORT_5432_TCP_ADDR",
            ] {
                unsetenv(name)
            }
        }
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let pid = try #require(server.instance.runningPostmaster).pid
            let environment = try FileSystem.read("/proc/\(pid)/environ")
            for name in ["PATRONI_", "MATRIARCH_", "KUBERNETES_", "DEMO_PORT"] {
                #expect(!environment.contains(name), "the server knows \(name)…")
            }
            #expect(environment.contains("PATH="))
            let status = try FileSystem.read("/proc/\(pid)/status")
            // From PostgreSQL 16 on the postmaster itself blocks SIGURG, by which its processes wake it.
            let blocked = try #require(
                status.split(separator: "\n").first { $0.hasPrefix("SigBlk:\t") }
                    .flatMap { UInt64($0.dropFirst(8), radix: 16) })
            #expect(blocked & ~(1 << UInt64(SIGURG - 1)) == 0, "blocked signals: \(String(blocked, radix: 16))")
            #expect(Set(FileSystem.entries(of: "/proc/\(pid)/fd")).isSuperset(of: ["0", "1", "2"]))
        }
    }
}

/// Hears what an instance logs.
private struct LogListener: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    let hear: @Sendable (String) -> Void

    init(_ hear: @escaping @Sendable (String) -> Void) { self.hear = hear }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { hear("\(event.message)") }
}
