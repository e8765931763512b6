import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `a forced failover without a leader leads to the candidate, and tells what it lacks`() async throws {
        try await withThree { cluster, before in
            let old = before.leader
            let candidate = try #require(before.standbys.first)
            let other = try #require(before.standbys.last)
            try await RowWriter.prepare(on: old)
            try await old.query("INSERT INTO written VALUES (1)")
            for standby in before.standbys {
                try await eventually("\(standby.name) has the row") {
                    try await standby.query("SELECT count(*) FROM written").scalar == "1"
                }
            }
            // From here on the candidate receives nothing, and the other one everything.
            let walsender = try #require(
                try await old.query("SELECT pid FROM pg_stat_replication WHERE application_name = '\(candidate.name)'")
                    .scalar.flatMap { pid_t($0) })
            kill(walsender, SIGSTOP)
            try await old.query("INSERT INTO written SELECT generate_series(2, 40000)")
            try await eventually("\(other.name) has the rows") {
                try await other.query("SELECT count(*) FROM written").scalar == "40000"
            }
            try await old.destroy()
            try await cluster.annotate(
                .failover, ["member": .string(candidate.name), "matriarch.dev/request-id": "forced"])
            let result = try await cluster.result(of: "forced")
            #expect(result["outcome"] == "succeeded")
            #expect(result["from"]?.stringValue == old.name)
            #expect(result["to"]?.stringValue == candidate.name)
            #expect(result["loss"]?.stringValue?.contains("WAL from ") == true, "\(result)")
            let after = try await cluster.healthy(of: 2)
            #expect(after.leader.name == candidate.name)
            #expect(after.timeline == before.timeline + 1)
            #expect(try await candidate.query("SELECT count(*) FROM written").scalar == "1")
            try old.start()
            #expect(try await cluster.healthy().leader.name == candidate.name)
        }
    }

    @Test func `while paused a switchover leads to the named candidate, and the old leader follows it`() async throws {
        try await withThree { cluster, before in
            let candidate = try #require(before.standbys.last)
            try await cluster.setPaused(true)
            try await cluster.annotate(
                .failover,
                [
                    "leader": .string(before.leader.name), "member": .string(candidate.name),
                    "matriarch.dev/request-id": "paused",
                ])
            #expect(try await cluster.result(of: "paused")["outcome"] == "succeeded")
            let after = try await cluster.healthy()
            #expect(after.leader.name == candidate.name)
            #expect(after.timeline == before.timeline + 1)
            try await cluster.setPaused(false)
            #expect(try await cluster.healthy().leader.name == candidate.name)
        }
    }
}
