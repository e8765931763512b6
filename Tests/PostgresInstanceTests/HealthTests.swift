import Fence
import Glibc
import PostgresClient
import PostgresConfiguration
import ServerControl
import Testing
import Units

@testable import PostgresInstance

/// What others do to a server's sessions, and what its agent makes of that.
@Suite(.serialized)
struct HealthTests {
    @Test func `a lock that any role may take on a view is in nobody's way`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.run("CREATE ROLE app LOGIN")
            let session = try await server.open()
            // What a role without any right may do.
            _ = try await session.query(
                "SET SESSION AUTHORIZATION app; BEGIN; LOCK TABLE pg_catalog.pg_settings IN ACCESS EXCLUSIVE MODE",
                deadline: .seconds(5))
            let start = BootClock.now()
            _ = try await server.status()
            await server.instance.closeObserver()
            _ = try await server.status()
            #expect(try await server.instance.configurationFileErrors().isEmpty)
            try await server.instance.ensureSlots([SlotName(member: "demo-1")], prefix: "demo_")
            #expect(await server.instance.probeFreshSession() == .opened)
            #expect(BootClock.now() - start < .seconds(5))
            await session.close()
        }
    }

    @Test func `a lock on the catalog of roles delays logins and does not silence the server`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            _ = try await server.status()
            let session = try await server.open()
            _ = try await session.query(
                "BEGIN; LOCK TABLE pg_catalog.pg_authid IN ACCESS EXCLUSIVE MODE", deadline: .seconds(5))
            #expect(await server.instance.probeFreshSession(deadline: .seconds(1)) == .delayed)
            _ = try await server.status()
            #expect(await server.instance.areLoginsBehindLock())
            await session.close()
            try await eventually("logins end again") { await server.instance.probeFreshSession() == .opened }
        }
    }

    @Test func `a login that hangs without a lock is told from one that waits for one`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.allowAlterSystem()
            _ = try await server.status()
            try await server.run("ALTER SYSTEM SET post_auth_delay = 3")
            try await server.instance.reload()
            try await eventually("logins hang") {
                await server.instance.probeFreshSession(deadline: .milliseconds(700)) == .delayed
            }
            #expect(await !server.instance.areLoginsBehindLock())
        }
    }

    @Test func `a database that is dropped, renamed or closed is not what the agent lives by`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            _ = try await server.status()
            func inTemplate(_ sql: String, database: String = "template1") async throws {
                let parameters = server.instance.localConnection(
                    application: "test", database: database, statementTimeout: nil)
                let session = try await PostgresConnection.open(parameters, deadline: .seconds(5))
                _ = try await session.query(sql, deadline: .seconds(20))
                await session.close()
            }
            try await inTemplate("DROP DATABASE postgres WITH (FORCE)")
            _ = try await server.status()
            #expect(await server.instance.probeFreshSession() == .opened)
            try await server.instance.createRoles()
            #expect(server.instance.database == "template1")
            try await inTemplate("CREATE DATABASE postgres TEMPLATE template0")
            // As soon as it is back the agent is, and out of the way of who copies template1.
            #expect(await server.instance.probeFreshSession() == .opened)
            _ = try await server.status()
            #expect(server.instance.database == "postgres")
            try await eventually("nobody is in template1") {
                try await server.run("SELECT count(*) FROM pg_stat_activity WHERE datname = 'template1'").scalar == "0"
            }
            try await server.run("CREATE DATABASE copy")
            try await inTemplate("ALTER DATABASE postgres ALLOW_CONNECTIONS false")
            // Both closed: the server says so, and is alive.
            try await inTemplate("CREATE DATABASE spare TEMPLATE template0")
            try await inTemplate("ALTER DATABASE template1 ALLOW_CONNECTIONS false", database: "spare")
            await server.instance.closeObserver()
            guard case .refused(let error) = await server.instance.observe() else {
                Issue.record("no database, and no word of it")
                return
            }
            #expect(error.isOfLogin && error.description.contains("55000"), "\(error)")
        }
    }

    @Test func `a library that sessions are to load and cannot keeps others out, not the agent`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let wrong = try PostgresSettings(
                clusterName: "demo",
                parameters: ["shared_buffers": "16MB", "session_preload_libraries": "auto_explian"])
            try await server.instance.writeConfiguration(wrong, role: .primary)
            try await server.instance.reload()
            try await eventually("others are refused") {
                guard case .refusesOthers(let error) = await server.instance.probeFreshSession() else { return false }
                return error.message.contains("auto_explian")
            }
            await server.instance.closeObserver()
            _ = try await server.status()
            // So does a start, which waits until somebody gets in.
            try await server.instance.stop(.fast)
            try await server.instance.start(wrong, as: .primary)
            #expect(try await server.instance.waitUntilAccepting(deadline: .seconds(20)) == .acceptingConnections)
            _ = try await server.status()
        }
    }

    @Test func `what the database or a role sets for sessions does not reach the agent's`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.run(
                """
                CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql
                    AS $$ BEGIN RAISE EXCEPTION 'no DDL'; END $$;
                CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION refuse()
                """)
            try await server.run("ALTER ROLE postgres SET default_transaction_isolation = 'serializable'")
            try await server.run("ALTER ROLE postgres SET idle_session_timeout = 50")
            try await server.run("ALTER DATABASE postgres SET default_transaction_read_only = on")
            await server.instance.closeObserver()
            try await server.instance.createRoles()
            _ = try await server.status()
            try await Task.sleep(for: .milliseconds(200))
            let before = try #require(await server.instance.observer)
            _ = try await server.status()
            #expect(await server.instance.observer === before)
        }
    }

    @Test func `who may rewind is let in also where the public is not`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.run("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")
            let session = try await PostgresConnection.open(
                ConnectionParameters(
                    address: .host("127.0.0.1"), port: server.port, user: "rewinder",
                    passwordFile: server.instance.layout.passwordFile, applicationName: "test"), deadline: .seconds(5))
            #expect(try await session.query("SELECT 1", deadline: .seconds(5)).scalar == "1")
        }
    }

    @Test func `a server that can serve nobody says so to everybody`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            _ = try await server.status()
            let map = "\(server.instance.layout.dataDirectory)/global/pg_filenode.map"
            try FileSystem.rename(map, to: "\(map).away")
            guard case .refused(let error) = await server.instance.probeFreshSession() else {
                Issue.record("somebody was let in")
                return
            }
            #expect(error.isFaultOfServer, "\(error)")
            // What was open goes on.
            _ = try await server.status()
            try FileSystem.rename("\(map).away", to: map)
            #expect(await server.instance.probeFreshSession() == .opened)
        }
    }
}
