import Fence
import Glibc
import PostgresClient
import PostgresConfiguration
import ServerControl
import TestSupport
import Testing
import Units

@testable import PostgresInstance

/// A server of its own shows whether one starts with settings, before the member's own is given them.
@Suite(.serialized)
struct ProofTests {
    private func settings(
        _ parameters: [String: String] = [:], hba: [String]? = nil, ident: [String] = []
    ) throws -> PostgresSettings {
        try PostgresSettings(
            clusterName: "demo", parameters: ["shared_buffers": "16MB"].merging(parameters) { $1 }, hba: hba,
            ident: ident)
    }

    private func texts(_ server: TestServer) async -> [String: String] { await server.instance.configurationTexts }

    /// What lies beside and in the data directory, and what runs there.
    private func expectNothingLeft(of server: TestServer) {
        #expect(!FileSystem.exists(SettingsProver.directory(of: server.instance.layout)))
        #expect(!FileSystem.exists("\(server.root)/run/proof"))
        #expect(
            DataDirectoryProcesses.list(dataDirectory: SettingsProver.directory(of: server.instance.layout)).isEmpty)
    }

    @Test func `settings that work are proven beside the running server, which notices nothing, and nothing is left`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let (before, began) = (await texts(server), try await server.status().postmasterStartTime)
            let logs = "\(server.root)/logs"
            try FileSystem.makeDirectory(logs, owner: server.instance.layout.runAs)
            let (names, lists) = (try #require(opened(server, "names")), try #require(opened(server, "lists/more")))
            fputs("postgres, @lists/more\n", names)
            fputs("replicator\n", lists)
            for file in [names, lists] { fclose(file) }
            let archived = "\(server.root)/archived"
            let wanted = try settings(
                [
                    "max_connections": "40", "archive_mode": "on", "archive_command": "touch \(archived)",
                    "logging_collector": "on", "log_directory": logs, "work_mem": "9MB", "shared_buffers": "1GB",
                ],
                hba: [
                    "local all all reject", "host replication all all reject",
                    // Never matches without TLS, and is no error.
                    "hostssl all all all scram-sha-256", "host all @names all scram-sha-256", "host all all all reject",
                ], ident: ["corp /^(.*)@example postgres"])
            #expect(await server.instance.prove(wanted) == .proven)
            #expect(await texts(server) == before)
            #expect(try await server.status().postmasterStartTime == began)
            #expect(!FileSystem.exists(archived), "nothing of the proof goes into the user's archive")
            #expect(FileSystem.entries(of: logs) == [], "nor among the running server's logs")
            expectNothingLeft(of: server)
        }
    }

    /// A file in the member's data.
    private func opened(_ server: TestServer, _ name: String) -> UnsafeMutablePointer<FILE>? {
        let path = "\(server.instance.layout.dataDirectory)/\(name)"
        do { try FileSystem.makeDirectory(FileSystem.directory(of: path), owner: server.instance.layout.runAs) } catch {
            Issue.record(error)
        }
        let file = fopen(path, "w")
        chmod(path, 0o644)
        return file
    }

    @Test func `what ALTER SYSTEM has set wrong refuses no settings of the cluster, and is told`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let file = try #require(fopen("\(server.instance.layout.dataDirectory)/postgresql.auto.conf", "a"))
            fputs("colour = 'blue'\n", file)
            fclose(file)
            guard case .provenWithoutAutomaticConfiguration(let errors) = await server.instance.prove(try settings())
            else {
                Issue.record("it is not told, or the settings are refused")
                return
            }
            #expect(errors.map(\.parameter) == ["colour"])
            guard case .refused(let own) = await server.instance.prove(try settings(["work_mem": "banana"])) else {
                Issue.record("not refused")
                return
            }
            #expect(own.map(\.parameter) == ["work_mem"])
            expectNothingLeft(of: server)
        }
    }

    struct Refusal: Sendable, CustomStringConvertible {
        var parameters: [String: String] = [:]
        var hba: [String]?
        var ident: [String] = []
        let place: String?
        let words: String

        var description: String { words }
    }

    /// Not every build of PostgreSQL that tests run has TLS.
    private func hasTLS(_ server: TestServer) async throws -> Bool {
        try await server.run("SHOW ssl_library").scalar != ""
    }

    private static let everybody = "host all all all scram-sha-256"

    private static let refusals = [
        Refusal(
            hba: [everybody, "host all all 10.0.0.0/8 scram-sha-256 clientcert=verify-full"], place: "pg_hba[1]",
            words: "clientcert can only be configured for \"hostssl\" rows"),
        // Unlike ldap, every build of PostgreSQL knows radius.
        Refusal(hba: ["host all all all radius", everybody], place: "pg_hba[0]", words: "requires argument"),
        Refusal(
            hba: ["host all all all scram-sha-256 colour=blue"], place: "pg_hba[0]",
            words: "unrecognized authentication option name: \"colour\""),
        Refusal(ident: ["corp /^(.*@example postgres"], place: "pg_ident[0]", words: "parentheses () not balanced"),
        Refusal(
            parameters: ["work_mem": "banana"], place: "work_mem",
            words: "invalid value for parameter \"work_mem\": \"banana\""),
        Refusal(
            parameters: ["no_such_parameter": "1"], place: "no_such_parameter",
            words: "unrecognized configuration parameter \"no_such_parameter\""),
        Refusal(
            parameters: ["shared_preload_libraries": "pg_stat_statments"], place: "shared_preload_libraries",
            words: "could not access file \"pg_stat_statments\""),
        Refusal(
            parameters: ["session_preload_libraries": "auto_explian"], place: "session_preload_libraries",
            words: "could not access file \"auto_explian\""),
        Refusal(
            parameters: ["superuser_reserved_connections": "200"], place: "superuser_reserved_connections",
            words: "must be less than"),
        Refusal(parameters: ["ssl": "on"], place: nil, words: "could not load server certificate file \"server.crt\""),
        Refusal(
            parameters: ["logging_collector": "on", "log_directory": "/proc/nowhere"], place: "log_directory",
            words: "the server cannot write its log there: No such file or directory"),
        Refusal(
            parameters: ["logging_collector": "on", "log_directory": "PG_VERSION"], place: "log_directory",
            words: "it is no folder"),
        Refusal(
            hba: [everybody, "host all all all radius radiusservers=127.0.0.1 radiussecrets=my s3=cret"],
            place: "pg_hba[1]", words: "unrecognized authentication option name: \"(hidden)\""),
        Refusal(
            parameters: ["min_wal_size": "2MB"], place: "min_wal_size", words: "must be at least twice"),
    ]

    @Test func `what PostgreSQL does not start with is refused with its place and in its words, and nothing is left`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let before = await texts(server)
            for refusal in Self.refusals {
                if refusal.parameters["ssl"] != nil, try await !hasTLS(server) { continue }
                // Before 15 nobody can be asked of the maps: the agent is locked out by them, and that is what is told.
                if !refusal.ident.isEmpty, let version = server.instance.dataVersion, version.major < 15 { continue }
                let verdict = await server.instance.prove(
                    try settings(refusal.parameters, hba: refusal.hba, ident: refusal.ident))
                guard case .refused(let errors) = verdict else {
                    Issue.record("\(refusal): \(verdict)")
                    continue
                }
                #expect(errors.count == 1, "\(errors)")
                #expect(errors.first?.place == refusal.place, "\(errors)")
                #expect(errors.first?.message.contains(refusal.words) == true, "\(errors)")
            }
            #expect(await texts(server) == before)
            expectNothingLeft(of: server)
        }
    }

    @Test func `what an agent has left that died during a proof is ended and removed`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let directory = SettingsProver.directory(of: server.instance.layout)
            try FileSystem.makeDirectory(directory, owner: nil)
            try FileSystem.write("of an earlier proof", to: "\(directory)/PG_VERSION", mode: 0o600, owner: nil)
            var left: pid_t = 0
            let command = ["/bin/sh", "-c", "cd \(directory) && exec sleep 600"]
            let arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
            defer { for copy in arguments { free(copy) } }
            try #require(posix_spawn(&left, "/bin/sh", nil, nil, arguments, environ) == 0)
            let process = left
            try await eventually("it works there") {
                DataDirectoryProcesses.list(dataDirectory: directory) == [process]
            }
            // As initdb does, which works in no data.
            let sockets = "\(server.root)/run/proof"
            try FileSystem.makeDirectory(sockets, owner: nil)
            var tool: pid_t = 0
            let words = ["/bin/sh", "-c", "cd \(sockets) && exec sleep 600"]
            let other: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
            defer { for copy in other { free(copy) } }
            try #require(posix_spawn(&tool, "/bin/sh", nil, nil, other, environ) == 0)
            let program = tool
            try await eventually("it works there") {
                DataDirectoryProcesses.list(dataDirectory: sockets) == [program]
            }
            await server.instance.clearProof()
            waitpid(left, nil, 0)
            #expect(DataDirectoryProcesses.list(dataDirectory: sockets) == [])
            kill(tool, SIGKILL)
            waitpid(tool, nil, 0)
            expectNothingLeft(of: server)
            #expect(try await server.status().isInRecovery == false)
        }
    }

    @Test func `a proof is not made where the volume has too little room, and refuses nothing`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let instance = server.instance
            func verdict(free megabytes: UInt64) async throws -> SettingsVerdict {
                let prover = await SettingsProver(
                    layout: instance.layout, credentials: instance.credentials, member: instance.data,
                    tools: instance.tools, logger: instance.logger, freeBytes: { _ in megabytes << 20 })
                return await prover.prove(
                    try await instance.candidate(try settings()), until: BootClock.now() + .seconds(30))
            }
            #expect(
                try await verdict(free: 249)
                    == .undecided("the volume has 249 MB free, and a proof is made only where there are 250 MB"))
            expectNothingLeft(of: server)
            #expect(try await verdict(free: 250) == .proven)
            #expect((FileSystem.freeBytes(of: server.root) ?? 0) > 1 << 20)
            #expect(FileSystem.freeBytes(of: "\(server.root)/nowhere") == nil)
        }
    }

    /// A proof on a machine with so much memory, in MB.
    private func prove(
        _ settings: PostgresSettings, of server: TestServer, limit: UInt64? = nil, free: UInt64? = nil
    ) async throws -> SettingsVerdict {
        let instance = server.instance
        let look = MachineMemory.Look(
            machine: .mebibytes(1 << 20), limit: limit.map { .mebibytes($0) }, free: free.map { .mebibytes($0) })
        let prover = await SettingsProver(
            layout: instance.layout, credentials: instance.credentials, member: instance.data, tools: instance.tools,
            logger: instance.logger, memory: { look })
        return await prover.prove(try await instance.candidate(settings), until: BootClock.now() + .seconds(30))
    }

    @Test func `what a server would take of memory is known before one is started, and what there is not is not taken`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let greedy = try settings(["max_connections": "50000", "max_locks_per_transaction": "10000"])
            guard case .refused(let errors) = try await prove(greedy, of: server, limit: 512) else {
                Issue.record("more memory than the member has is not refused")
                return
            }
            #expect(errors.count == 1 && errors.first?.isAgents == true)
            #expect(
                errors.first?.message.hasSuffix(
                    "of shared memory, more than the 512 MB of memory this member has") == true, "\(errors)")
            // The member's own buffers count, and nobody is given them.
            let large = try settings(["shared_buffers": "300MB"])
            guard case .refused = try await prove(large, of: server, limit: 256) else {
                Issue.record("buffers beyond the member's memory are not refused")
                return
            }
            #expect(try await prove(large, of: server, limit: 512, free: 256) == .proven)
            guard case .undecided(let reason) = try await prove(greedy, of: server, free: 1024) else {
                Issue.record("a proof is made that takes more than is free")
                return
            }
            #expect(reason.hasPrefix("1024 MB of memory are free, and a proof is made only where there are"))
            #expect(
                try await prove(try settings(), of: server, free: 127)
                    == .undecided("127 MB of memory are free, and a proof is made only where there are 128 MB"))
            guard case .undecided = try await prove(try settings(), of: server, free: 128) else {
                Issue.record("shared memory is not counted")
                return
            }
            expectNothingLeft(of: server)
        }
    }

    @Test func `a program that outlives the server of a proof does not hold the proof up`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            // Others ask nobody for a passphrase.
            guard try await hasTLS(server) else { return }
            _ = try await BuiltProgram.shell(
                """
                set -e
                cd '\(server.instance.layout.dataDirectory)'
                mkdir .tls
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -passout pass:sesame -subj /CN=demo \\
                    -keyout .tls/server.key -out .tls/server.crt 2>&1
                chmod 600 .tls/server.key
                chown -R --reference=PG_VERSION .tls
                """)
            let encrypted = try settings([
                "ssl": "on", "ssl_cert_file": "./.tls/server.crt", "ssl_key_file": ".tls//server.key",
                "ssl_passphrase_command": "setsid sleep 600 >/dev/null & echo sesame",
            ])
            let began = BootClock.now()
            #expect(await server.instance.prove(encrypted, deadline: .seconds(150)) == .proven)
            // And not only when its time is over.
            #expect(BootClock.now() - began < .seconds(75))
            expectNothingLeft(of: server)
        }
    }

    @Test func `a wrong password is no fault of the settings`() {
        for (state, isRefusal) in [("28P01", false), ("28000", true), ("58P01", true), ("53300", false)] {
            let error = PostgresError(.server, "no", sqlState: state)
            #expect(SettingsProver.isRefusal(error) == isRefusal)
        }
    }

    @Test func `a proof that has no time refuses nothing, and what is in its way goes`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            guard case .undecided = await server.instance.prove(try settings(), deadline: .milliseconds(20)) else {
                Issue.record("a proof that had no time has said something")
                return
            }
            expectNothingLeft(of: server)
            #expect(symlink("/proc/nowhere", "\(server.root)/run/proof") == 0)
            #expect(await server.instance.prove(try settings()) == .proven)
            expectNothingLeft(of: server)
        }
    }
}

/// What a server says when it does not start.
@Suite struct StartMessagesTests {
    private func verdict(_ lines: [String], _ parameters: [String: String] = [:]) -> SettingsVerdict {
        StartMessages(lines).verdict(parameters: parameters)
    }

    @Test func `each line of the file that is wrong is told, without the sentence that there are some`() {
        let lines = [
            "LOG:  invalid value for parameter \"work_mem\": \"banana\"", "HINT:  Valid units are …",
            "LOG:  unrecognized configuration parameter \"colour\" in file \"/x\" line 9",
            "FATAL:  configuration file \"/x\" contains errors",
        ]
        #expect(
            verdict(lines, ["work_mem": "banana", "colour": "blue"])
                == .refused([
                    ConfigurationFileError(
                        parameter: "work_mem", file: nil,
                        message: "invalid value for parameter \"work_mem\": \"banana\""),
                    ConfigurationFileError(
                        parameter: "colour", file: nil,
                        message: "unrecognized configuration parameter \"colour\""),
                ]))
    }

    @Test func `a value that may be a password is not in the message`() {
        let lines = [
            "LOG:  invalid value for parameter \"x.password\": \"sesame\"",
            "FATAL:  configuration file \"/x\" contains errors",
        ]
        guard case .refused(let errors) = verdict(lines, ["x.password": "sesame"]) else {
            Issue.record("not refused")
            return
        }
        #expect(errors.map(\.message) == ["invalid value for parameter \"x.password\": \"(hidden)\""])
    }

    @Test func `no value that may be a password is in a message, whatever the message is about`() {
        let parameters = ["x.password": "sesame and more", "work_mem": "4MB"]
        for (line, shown) in [
            ("could not read sesame and more", "could not read (hidden)"),
            ("syntax error in file \"/x\" line 3, near token \"sesame\"", "syntax error, near token \"(hidden)\""),
            ("is no \"sesame\"", "is no \"(hidden)\""), ("is no \"work_mem\"", "is no \"work_mem\""),
            // Of postgresql.auto.conf.
            (
                "invalid value for parameter \"y.secret\": \"abc\"",
                "invalid value for parameter \"y.secret\": \"(hidden)\""
            ),
        ] {
            #expect(StartMessages.error(line, parameters: parameters).message == shown)
        }
    }

    @Test(
        arguments: [
            "could not map anonymous shared memory: Cannot allocate memory",
            "could not fork new process for connection: Resource temporarily unavailable",
            "could not open file \"x\": Too many open files", "out of memory", "could not fork worker process",
            "could not open file \"x\": Too many open files in system",
            "insufficient file descriptors available to start server process",
            "canceling authentication due to timeout", "could not write to file: Disk quota exceeded",
        ])
    func `what the machine lacks at the moment refuses no settings`(words: String) {
        #expect(verdict(["FATAL:  \(words)"]) == .undecided(words))
        #expect(verdict(["FATAL:  database is locked", "DETAIL:  \(words)"]) == .undecided("database is locked"))
    }

    @Test func `a machine without room refuses no settings`() {
        #expect(
            verdict(["FATAL:  could not write lock file \"postmaster.pid\": No space left on device"])
                == .undecided("could not write lock file \"postmaster.pid\": No space left on device"))
        #expect(verdict([]) == .undecided("PostgreSQL did not start, and did not say why"))
    }
}

/// What the machine has, read from texts of the kernel.
@Suite struct MachineMemoryTests {
    @Test func `memory is free up to the limit of the member's processes, and what caches files is`() {
        let statistics = "anon 1\ninactive_file 300\n"
        #expect(MachineMemory.free(limit: "1000\n", used: "900\n", statistics: statistics)?.rawValue == 400)
        #expect(
            MachineMemory.free(
                limit: "1000", used: "900", statistics: "inactive_file 1\ntotal_inactive_file 200\n")?.rawValue == 300)
        #expect(MachineMemory.free(limit: "1000", used: "1200", statistics: "")?.rawValue == 0)
        #expect(MachineMemory.free(limit: "1000", used: "100", statistics: "inactive_file 300")?.rawValue == 1000)
        #expect(
            MachineMemory.free(limit: "1000", used: "900", statistics: "inactive_file 100\nactive_file 300\n")?
                .rawValue == 500)
        #expect(
            MachineMemory.free(
                limit: "1000", used: "900",
                statistics: "inactive_file 1\nactive_file 1\ntotal_inactive_file 100\ntotal_active_file 300\n")?
                .rawValue == 500)
        #expect(MachineMemory.free(limit: "max\n", used: "900", statistics: "") == nil)
        #expect(MachineMemory.free(limit: "9223372036854771712", used: "900", statistics: "") == nil)
        #expect(MachineMemory.free(limit: "", used: "", statistics: "") == nil)
    }

    @Test func `the machine's memory is what the kernel says of it`() {
        let text = "MemTotal:       16384000 kB\nMemAvailable:    2048 kB\n"
        #expect(MachineMemory.kilobytes("MemTotal", in: text)?.rawValue == 16_384_000 << 10)
        #expect(MachineMemory.kilobytes("MemAvailable", in: text)?.rawValue == 2 << 20)
        #expect(MachineMemory.kilobytes("MemFree", in: text) == nil)
    }

    @Test func `huge pages count of whatever size`() {
        let none = "HugePages_Total:       0\nHugepagesize:       2048 kB\n"
        #expect(!MachineMemory.hasHugePages(meminfo: none, pools: ["0\n", "0\n"]))
        #expect(MachineMemory.hasHugePages(meminfo: none, pools: ["0\n", "16\n"]))
        #expect(MachineMemory.hasHugePages(meminfo: "HugePages_Total:     128\n", pools: []))
        #expect(!MachineMemory.hasHugePages(meminfo: "", pools: []))
    }
}
