import Glibc
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// Who may lead when not everybody is there who could know of a commit.
extension MemberTests {
    @Test func `all are down: a former leader that comes back alone does not lead, and says whom it waits for`()
        async throws
    {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let (former, last) = (before.leader, before.standbys[0])
            try await RowWriter.prepare(on: former)
            try await eventually("\(last.name) has the table") {
                try await last.query("SELECT count(*) FROM written").scalar == "0"
            }
            try await former.destroy()
            let after = try await cluster.healthy(of: 1)
            #expect(after.leader.name == last.name && after.timeline == before.timeline + 1)
            try await last.query("INSERT INTO written VALUES (1)")
            try await last.destroy()

            let offset = former.logEnd
            try former.start()
            let sentence = "its data end on timeline \(before.timeline), and the cluster has come to \(after.timeline)"
            try await eventually(within: .seconds(30), "it says why it does not lead") {
                try await cluster.problem(of: former)
            } until: {
                $0?.contains(sentence) == true
            }
            try await eventually(within: .seconds(20), "it can be read") {
                try await former.query("SELECT pg_is_in_recovery()").scalar == "t"
            }
            // The lock has run out, and stays free for a whole ttl.
            try await holds(for: .seconds(6), "it leads nothing") {
                guard try await cluster.lock()["leader"] != former.name else { return false }
                return try await former.query("SELECT pg_is_in_recovery()").scalar == "t"
            }
            #expect(
                former.hasSaid(
                    "My timeline \(before.timeline) is behind last known cluster timeline \(after.timeline)",
                    since: offset))
            #expect(!former.hasSaid("took the leader lock", since: offset))

            try last.start()
            let healed = try await cluster.healthy()
            #expect(healed.leader.name == last.name)
            for member in cluster.members {
                try await eventually("\(member.name) has the row") {
                    try await member.query("SELECT count(*) FROM written").scalar == "1"
                }
            }
            try await eventually("nothing is wrong any more") { try await cluster.problem(of: former) == nil }
        }
    }

    @Test
    func `a standby that lacks more than may be lost does not lead by itself, says how much, and leads when told to`()
        async throws
    {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let (leader, standby) = (before.leader, before.standbys[0])
            try await RowWriter.prepare(on: leader)
            try await eventually("\(standby.name) has the table") {
                try await standby.query("SELECT count(*) FROM written").scalar == "0"
            }
            // From here on the leader sends nothing, and says in the lock how far it is.
            for process in leader.postgresProcesses(titled: "walsender") { kill(process, SIGSTOP) }
            try await leader.query("INSERT INTO written SELECT generate_series(1, 40000)")
            let text = try await leader.query("SELECT pg_current_wal_flush_lsn() - '0/0'").scalar
            let end = try #require(text.flatMap { UInt64($0) })
            try await eventually(within: .seconds(15), "the lock has that position", { try await cluster.lock() }) {
                $0["optime"].flatMap(UInt64.init) ?? 0 >= end
            }
            try await leader.destroy()
            try await eventually(within: .seconds(30), "it says why it does not lead, and by how much") {
                try await cluster.problem(of: standby)
            } until: {
                guard let words = $0?.split(separator: " "),
                    words.starts(with: ["may", "not", "lead:", "it", "lacks"]),
                    let lacking = words.dropFirst(5).first.flatMap({ Int($0) })
                else { return false }
                return lacking > 1 << 20 && $0?.contains("no more than 1048576 may be lost") == true
            }
            try await holds(for: .seconds(3), "it leads nothing") {
                guard try await cluster.lock()["leader"] != standby.name else { return false }
                return try await standby.query("SELECT pg_is_in_recovery()").scalar == "t"
            }
            try await cluster.annotate(
                .failover, ["member": .string(standby.name), "matriarch.dev/request-id": "whatever it costs"])
            #expect(try await cluster.result(of: "whatever it costs")["outcome"] == "succeeded")
            try await cluster.healthy(of: 1)
            try await eventually("nothing is wrong any more") { try await cluster.problem(of: standby) == nil }
        }
    }
}
