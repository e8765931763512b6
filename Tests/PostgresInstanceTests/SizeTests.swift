import Fence
import PostgresClient
import PostgresConfiguration
import ServerControl
import TestSupport
import Testing

@testable import PostgresInstance

@Suite(.serialized)
struct SizeTests {
    @Test func `a server that is to have fewer slots than it has comes up with those it has`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.run("SELECT pg_create_physical_replication_slot('s' || n) FROM generate_series(1, 7) n")
            try await server.instance.stop(.fast, deadline: .seconds(20))
            let few = try PostgresSettings(
                clusterName: "demo", parameters: ["shared_buffers": "16MB", "max_replication_slots": "4"])
            try await server.instance.start(few, as: .primary)
            #expect(try await server.instance.waitUntilAccepting(deadline: .seconds(30)) == .acceptingConnections)
            #expect(try await server.run("SHOW max_replication_slots").scalar == "7")
        }
    }

    @Test func `a running server is told of larger sizes, and keeps them when the cluster shrinks again`() async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            func settings(_ instances: Int) throws -> PostgresSettings {
                try PostgresSettings(clusterName: "demo", parameters: ["shared_buffers": "16MB"], instances: instances)
            }
            let instance = server.instance
            #expect(try await instance.writeConfiguration(settings(8), role: .primary) == .unchanged)
            guard case .restart(let pending) = try await instance.writeConfiguration(settings(12), role: .primary)
            else {
                Issue.record("no restart is asked for")
                return
            }
            #expect(
                pending.map { "\($0.name) \($0.oldValue) \($0.newValue)" } == [
                    "max_wal_senders 20 36", "max_replication_slots 20 28",
                ])
            try await instance.reload()
            try await eventually("PostgreSQL knows of the pending restart") {
                try await server.status().pendingRestart.map(\.name).sorted() == [
                    "max_replication_slots", "max_wal_senders",
                ]
            }
            try await instance.stop(.fast, deadline: .seconds(20))
            try await instance.start(settings(12), as: .primary)
            #expect(try await instance.waitUntilAccepting(deadline: .seconds(30)) == .acceptingConnections)
            #expect(try await server.run("SHOW max_wal_senders").scalar == "36")
            #expect(try await instance.writeConfiguration(settings(3), role: .primary) == .unchanged)
            #expect(try await server.status().pendingRestart.isEmpty)
            try await instance.stop(.fast, deadline: .seconds(20))
            try await instance.start(settings(3), as: .primary)
            #expect(try await instance.waitUntilAccepting(deadline: .seconds(30)) == .acceptingConnections)
            #expect(try await server.run("SHOW max_wal_senders").scalar == "20")
        }
    }

    @Test func `a source without two free walsenders is not asked for a copy, nor for a checkpoint`() async throws {
        try await TestServer.withWorld { world in
            let primary = try world.server("demo-0")
            let replica = try world.server("demo-1")
            try await primary.bootstrap()
            try await primary.instance.stop(.fast, deadline: .seconds(20))
            let few = try PostgresSettings(
                clusterName: "demo",
                parameters: ["shared_buffers": "16MB", "max_wal_senders": "3", "log_checkpoints": "on"])
            try await primary.instance.start(few, as: .primary)
            #expect(try await primary.instance.waitUntilAccepting(deadline: .seconds(30)) == .acceptingConnections)
            let upstream = primary.upstream(for: replica)
            try await replica.instance.prepareRuntime()
            var busy: [PostgresConnection] = []
            for _ in 0..<2 {
                busy.append(
                    try await PostgresConnection.open(
                        replica.instance.replicationConnection(to: upstream), deadline: .seconds(5)))
            }
            await #expect {
                try await replica.instance.clone(from: upstream, deadline: .seconds(60))
            } throws: {
                ($0 as? InstanceError)?.code == .sourceIsFull
            }
            let log = FileSystem.readIfPresent("\(primary.root)/server.log") ?? ""
            #expect(!log.contains("checkpoint starting: immediate force wait"))
            #expect(try await replica.instance.dataDirectoryState() == .absent)
            for connection in busy { await connection.close() }
            // A walsender that is let go takes a moment to end, and here each one counts.
            try await eventually("it copies once there is room") {
                try await replica.instance.clone(from: upstream, deadline: .seconds(60))
                return true
            }
        }
    }
}
