import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// Members that have received everything and have not replayed it.
extension MemberTests {
    /// Receives from now on and does not replay, until ``resumeReplay(on:)``.
    private func pauseReplay(on member: MemberProcess) async throws {
        try await member.query("SELECT pg_wal_replay_pause()")
        try await eventually(within: .seconds(10), "\(member.name) replays no more") {
            try await member.query("SELECT pg_get_wal_replay_pause_state()").scalar == "paused"
        }
    }

    /// Writes more than an election lets go by, and waits until all of it is with everybody.
    private func writeMuch(_ table: String, on leader: MemberProcess, for standbys: [MemberProcess]) async throws {
        try await leader.query(
            "CREATE TABLE \(table) AS SELECT g, repeat(md5(g::text), 20) AS t FROM generate_series(1, 60000) g")
        let written = try #require(try await leader.query("SELECT pg_current_wal_flush_lsn()").scalar)
        for standby in standbys {
            try await eventually(within: .seconds(30), "\(standby.name) has received everything") {
                try await standby.query("SELECT pg_last_wal_receive_lsn() >= '\(written)'").scalar == "t"
            }
        }
    }

    @Test func `a switchover leads to the standby that has replayed, and a named one that has not is refused in bytes`()
        async throws
    {
        try await withThree { cluster, before in
            // By name it would be the first choice.
            let (slow, ready) = (before.standbys[0], before.standbys[1])
            try await pauseReplay(on: slow)
            try await writeMuch("switchover_backlog", on: before.leader, for: before.standbys)
            let offset = before.leader.logEnd
            func ask(_ id: String, _ candidate: JSONValue) async throws -> JSONValue {
                try await cluster.annotate(
                    "-failover",
                    [
                        "leader": .string(before.leader.name), "member": candidate,
                        "matriarch.dev/request-id": .string(id),
                    ])
                return try await cluster.result(of: id)
            }
            let refused = try await ask("named", .string(slow.name))
            #expect(refused["outcome"] == "failed")
            let reason = try #require(refused["reason"]?.stringValue)
            #expect(reason.contains("\(slow.name) still has "), "\(reason)")
            #expect(reason.hasSuffix("bytes of WAL to replay, more than 16 MiB"), "\(reason)")
            #expect(before.leader.hasSaid("waiting for a standby to receive and to replay", since: offset))
            #expect(!before.leader.hasSaid("received fast shutdown request", since: offset))
            #expect(try await cluster.lock()["leader"] == before.leader.name)

            let done = try await ask("best", .null)
            #expect(done["outcome"] == "succeeded")
            #expect(done["to"]?.stringValue == ready.name)
            try await slow.query("SELECT pg_wal_replay_resume()")
            let after = try await cluster.healthy()
            #expect(after.leader.name == ready.name && after.timeline == before.timeline + 1)
            try await after.leader.query("DROP TABLE switchover_backlog")
        }
    }

    @Test func `of two standbys that have the same, the one that has replayed it is elected when the leader is lost`()
        async throws
    {
        try await withThree { cluster, before in
            let (slow, ready) = (before.standbys[0], before.standbys[1])
            try await pauseReplay(on: slow)
            try await writeMuch("failover_backlog", on: before.leader, for: before.standbys)
            let offsets = [slow.logEnd, ready.logEnd]
            try await before.leader.destroy()
            try await eventually(within: .seconds(30), "\(ready.name) is elected") {
                ready.hasSaid("took the leader lock", since: offsets[1])
            }
            #expect(!slow.hasSaid("took the leader lock", since: offsets[0]))
            try await slow.query("SELECT pg_wal_replay_resume()")
            let after = try await cluster.healthy(of: 2)
            #expect(after.leader.name == ready.name)
            try await after.leader.query("DROP TABLE failover_backlog")
        }
    }

    /// It has everything, so that to lead late is better than not to be handed the lock.
    @Test func `a leader that is stopped hands over to the only standby also when it has much to replay`() async throws
    {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let standby = before.standbys[0]
            try await pauseReplay(on: standby)
            try await writeMuch("leaving_backlog", on: before.leader, for: before.standbys)
            let offset = before.leader.logEnd
            before.leader.terminate()
            let after = try await cluster.healthy(of: 1, ignoring: before.leader)
            #expect(after.leader.name == standby.name)
            #expect(before.leader.hasSaid("handed the lock over", since: offset))
            #expect(try await standby.query("SELECT count(*) FROM leaving_backlog").scalar == "60000")
        }
    }
}
