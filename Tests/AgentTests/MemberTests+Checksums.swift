import Glibc
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `a page that is damaged is told once it was read, with its database, and in a metric`() async throws {
        try await with(1) { cluster in
            let member = cluster.members[0]
            try member.start()
            try await cluster.healthy()
            let metric = "matriarch_postgres_checksum_failures_total"
            func failures() async throws -> Double? {
                let lines = try await member.get("/metrics").text.split(separator: "\n")
                return lines.first { $0.hasPrefix("\(metric){") }?.split(separator: " ").last.flatMap { Double($0) }
            }
            try await eventually(within: .seconds(20), "nothing has been found") { try await failures() == 0 }
            _ = try await member.query("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS n")
            let file = try #require(try await member.query("SELECT pg_relation_filepath('orders')").scalar)
            _ = try await member.query("CHECKPOINT")
            try member.damage(file, at: 4000)
            // What is in its memory it does not read from the disk.
            let before = try #require(member.postmaster)
            kill(before, SIGKILL)
            try await eventually(within: .seconds(30), "another server runs") {
                member.postmaster.map { $0 != before } ?? false
            }
            try await cluster.healthy()
            let error = await #expect(throws: PostgresError.self) {
                try await member.query("SELECT sum(n) FROM orders")
            }
            #expect(error?.message.contains("invalid page in block 0") == true)
            try await eventually(within: .seconds(40), "the member says what is damaged") {
                try await cluster.status(of: member.name).contains(
                    "its data are damaged: pages of the database postgres do not have the checksum they should")
            }
            #expect(try await failures() == 1)
            // It is told, and nothing else is done about it.
            #expect(try await cluster.lock()["leader"] == member.name)
        }
    }
}
