import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `a replica whose WAL is gone says so, and is copied anew only as long as that is so`() async throws {
        var configuration = Self.configuration
        configuration["postgresql"] = [
            "parameters": [
                "shared_buffers": "16MB", "max_connections": 30, "max_slot_wal_keep_size": "16MB",
                "wal_keep_size": "16MB", "min_wal_size": "32MB", "max_wal_size": "32MB",
            ]
        ]
        try await with(2, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let (leader, replica) = (before.leader, before.standbys[0])
            try await leader.query("CREATE TABLE rows AS SELECT 1 AS n")
            func ask(_ id: String) async throws {
                let order: JSONValue = ["id": .string(id), "member": .string(replica.name), "missing_wal": true]
                try await cluster.annotate(
                    .configuration, ["matriarch.dev/reinitialize": .string(order.serialized())])
            }
            // An order that is behind the times takes nothing away.
            try await ask("early")
            try await eventually(within: .seconds(20), "it is refused") {
                try await cluster.status(of: replica.name).contains("this member does not wait for WAL any more")
            }
            try await replica.destroy()
            for _ in 0..<8 {
                try await leader.query("INSERT INTO rows VALUES (2); SELECT pg_switch_wal()")
            }
            try await leader.query("CHECKPOINT")
            try replica.start()
            try await eventually(within: .seconds(40), "the replica says that its WAL is gone") {
                let status = try await cluster.status(of: replica.name)
                return status.contains("cannot follow \(leader.name): the WAL it needs next, from ")
                    && status.contains("it has to be copied anew") && status.contains("\"missing_wal\":")
            }
            #expect(replica.keptData("reinitialize").isEmpty)
            try await ask("late")
            let after = try await cluster.healthy()
            #expect(after.leader.name == leader.name && after.timeline == before.timeline)
            #expect(try await replica.query("SELECT sum(n) FROM rows").scalar == "17")
            // The old data is there still.
            #expect(replica.keptData("reinitialize-late").count == 1)
            try await eventually(within: .seconds(20), "nothing is wrong any more") {
                let status = try await cluster.status(of: replica.name)
                return !status.contains("cannot follow") && !status.contains("missing_wal")
            }
        }
    }
}
