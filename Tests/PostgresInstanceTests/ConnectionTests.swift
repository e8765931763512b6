import Fence
import PostgresClient
import ServerControl
import TestSupport
import Testing
import Units

@testable import PostgresInstance

@Suite(.serialized)
struct ConnectionTests {
    @Test func `statements, errors, notices, deadlines and cancellation of one session`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let connection = try await server.open()
            let row = try await connection.query(
                "SELECT $1::text AS a, NULL AS b, $2::int + 1 AS c", parameters: ["it's", "41"], deadline: .seconds(5))
            #expect(row.columns == ["a", "b", "c"])
            #expect(row.rows == [["it's", nil, "42"]])
            #expect(row.value("c") == "42" && row.value("missing") == nil)

            await #expect {
                try await connection.query("SELECT $1::int", parameters: ["hunter2"], deadline: .seconds(5))
            } throws: { error in
                guard let error = error as? PostgresError else { return false }
                return error.code == .server && error.sqlState == "22P02" && !error.description.contains("hunter2")
            }
            let notice = try await connection.query(
                "DO $$ BEGIN RAISE NOTICE 'hear, hear'; END $$", deadline: .seconds(5))
            #expect(notice.notices == ["hear, hear"])

            let start = BootClock.now()
            await #expect { try await connection.query("SELECT pg_sleep(30)", deadline: .milliseconds(300)) } throws: {
                ($0 as? PostgresError)?.code == .timeout
            }
            #expect(BootClock.now() - start < .seconds(15))
            #expect(await !connection.isUsable)
            await #expect { try await connection.query("SELECT 1", deadline: .seconds(1)) } throws: {
                ($0 as? PostgresError)?.code == .connectionLost
            }

            let second = try await server.open()
            let sleeper = Task { try await second.query("SELECT pg_sleep(30)", deadline: .seconds(30)) }
            try await eventually("it sleeps") {
                try await server.run("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%'").scalar
                    != "1"
            }
            sleeper.cancel()
            await #expect { try await sleeper.value } throws: { ($0 as? PostgresError)?.code == .cancelled }
        }
    }

    @Test func `a closed session takes its thread with it`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            func threads() -> Int {
                FileSystem.entries(of: "/proc/self/task")
                    .filter { FileSystem.readIfPresent("/proc/self/task/\($0)/comm") == "postgres\n" }.count
            }
            for _ in 0..<50 { #expect(await server.instance.probeFreshSession(deadline: .seconds(2)) == .opened) }
            // Other suites hold sessions too; fifty leaked ones would show.
            try await eventually("the threads have ended") { threads() < 20 }
        }
    }

    @Test func `refused connections say why, and nobody home is said in time`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            var parameters = ConnectionParameters(
                address: .host("127.0.0.1"), port: server.port, user: "stranger",
                passwordFile: server.instance.layout.passwordFile, applicationName: "test")
            await #expect { try await PostgresConnection.open(parameters, deadline: .seconds(5)) } throws: {
                ($0 as? PostgresError)?.code == .connectionFailed
            }
            // By password over TCP, as everybody else.
            parameters.user = "postgres"
            let connection = try await PostgresConnection.open(parameters, deadline: .seconds(5))
            #expect(await connection.serverVersionNumber >= 140_000)
            // By name too; "localhost" may have an address nobody listens on before the right one.
            parameters.address = .host("localhost")
            _ = try await PostgresConnection.open(parameters, deadline: .seconds(5))
            parameters.address = .host("nowhere.invalid")
            await #expect { try await PostgresConnection.open(parameters, deadline: .seconds(5)) } throws: {
                ($0 as? PostgresError)?.message == "cannot resolve nowhere.invalid"
                    || ($0 as? PostgresError)?.code == .timeout
            }
            parameters.address = .host("127.0.0.1")
            parameters.database = "nowhere"
            await #expect { try await PostgresConnection.open(parameters, deadline: .seconds(5)) } throws: {
                ($0 as? PostgresError)?.sqlState == "3D000"
            }
            parameters.port = 1
            await #expect { try await PostgresConnection.open(parameters, deadline: .seconds(5)) } throws: {
                ($0 as? PostgresError)?.code == .connectionFailed && ($0 as? PostgresError)?.sqlState == nil
            }
            let silent = try ScriptedServer.silent()
            parameters.port = Int(silent.port)
            let start = BootClock.now()
            await #expect { try await PostgresConnection.open(parameters, deadline: .milliseconds(400)) } throws: {
                ($0 as? PostgresError)?.code == .timeout
            }
            #expect(BootClock.now() - start < .seconds(15))
        }
    }
}
