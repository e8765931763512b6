import Glibc
import PostgresClient
import PostgresConfiguration
import ServerControl
import Testing

@testable import PostgresInstance

/// The version tables and the refusals, against the server under test.
@Suite(.serialized)
struct VersionTests {
    @Test func `the tables of parameters are those of this server`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let version = try await server.status().version
            #expect(try await server.instance.programVersion() == version)
            let rows = try await server.run("SELECT name, context FROM pg_settings").rows
            let contexts = Dictionary(
                rows.compactMap { row in row[0].map { ($0, row[1] ?? "") } }, uniquingKeysWith: { first, _ in first })
            for (name, lifetime) in ParameterLifetime.all {
                #expect(lifetime.includes(version) == (contexts[name] != nil), "\(name) in PostgreSQL \(version)")
            }
            for (name, context) in contexts {
                #expect(
                    RestartOnlyParameters.contains(name, in: version) == (context == "postmaster"),
                    "\(name) in PostgreSQL \(version)")
            }
        }
    }

    @Test func `data of another major version is neither started nor changed`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.instance.stop(.fast)
            let own = try await server.instance.programVersion().major
            let data = server.instance.layout.dataDirectory
            let other = own - 1
            try FileSystem.write(
                "\(other)\n", to: "\(data)/PG_VERSION", mode: 0o600, owner: server.instance.layout.runAs)
            let before = try listing(data)

            guard case .unreadable(let reason) = try await server.instance.dataDirectoryState() else {
                Issue.record("it was taken for its own")
                return
            }
            #expect(
                reason
                    == "\(data) holds data of PostgreSQL \(other), and this image has PostgreSQL \(own): it is neither started "
                    + "nor changed. Go back to an image with PostgreSQL \(other)")
            let source = Upstream(member: "demo-1", host: "127.0.0.1", port: 1, slot: nil)
            let attempts: [(String, () async throws -> Void)] = [
                ("start", { try await server.instance.start(server.settings, as: .primary) }),
                ("start a standby", { try await server.instance.start(server.settings, as: .standby(upstream: nil)) }),
                ("recover", { try await server.instance.crashRecovery() }),
                ("rewind", { try await server.instance.rewind(from: source, deadline: .seconds(5)) }),
                ("initdb", { try await server.instance.initialize() }),
                ("copy", { try await server.instance.clone(from: source, deadline: .seconds(5)) }),
            ]
            for (name, attempt) in attempts {
                let error = await #expect(throws: InstanceError.self, "\(name)") { try await attempt() }
                #expect([.refused, .versionMismatch].contains(error?.code), "\(name): \(String(describing: error))")
                #expect(try listing(data) == before, "\(name) changed the data")
            }
            #expect(server.processes.isEmpty)
        }
    }

    @Test func `a copy this image could not start is not made`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            let own = try await server.instance.programVersion()
            let source = Upstream(member: "demo-1", host: "127.0.0.1", port: 1, slot: nil)
            try await server.instance.requireOwnVersion(of: source, number: own.major * 10_000 + 99)
            let error = await #expect(throws: InstanceError.self) {
                try await server.instance.requireOwnVersion(of: source, number: (own.major + 1) * 10_000)
            }
            #expect(
                error?.message
                    == "demo-1 runs PostgreSQL \(own.major + 1), and this image has PostgreSQL \(own.major), which cannot start "
                    + "a copy of it")
        }
    }

    @Test func `checksums, provider and segment size are as asked for, or refused`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            let version = try await server.instance.programVersion()
            var options = InitdbOptions()
            options.localeProvider = .builtin
            if version.major < 17 {
                await #expect(throws: InvalidSettings.self) { try await server.instance.initialize(options: options) }
                #expect(try await server.instance.dataDirectoryState() == .absent)
                options.localeProvider = .libc
            }
            options.dataChecksums = false
            options.walSegmentMegabytes = 4
            try await server.instance.initialize(options: options)
            try await server.startAndWait(as: .primary)
            let answer = try await server.run(
                """
                SELECT current_setting('data_checksums'), current_setting('wal_segment_size'),
                    (SELECT to_jsonb(d) ->> 'datlocprovider' FROM pg_database d WHERE datname = 'template1')
                """)
            let provider = version.major < 15 ? nil : version.major < 17 ? "c" : "b"
            #expect(answer.rows == [["off", "4MB", provider]])
        }
    }

    private func listing(_ directory: String) throws -> [String] {
        try FileSystem.listing(of: directory).sorted().flatMap { name -> [String] in
            let path = "\(directory)/\(name)"
            let status = FileSystem.status(path)
            let line = "\(path) \(status?.st_size ?? 0) \(status?.st_mtim.tv_sec ?? 0).\(status?.st_mtim.tv_nsec ?? 0)"
            return FileSystem.isDirectory(path) ? [line] + (try listing(path)) : [line]
        }
    }
}
