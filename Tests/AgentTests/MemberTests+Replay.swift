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
                    .failover,
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

// Promotions that something keeps from ending.
extension MemberTests {
    private static func settings(
        _ parameters: [String: JSONValue], _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
        let all: [String: JSONValue] = ["shared_buffers": "16MB", "max_connections": 30]
        let settings: [String: JSONValue] = ["postgresql": ["parameters": .object(all.merging(parameters) { $1 })]]
        return .object((configuration.objectValue ?? [:]).merging(settings) { $1 }.merging(more) { $1 })
    }

    /// What the startup process waits for.
    private func recoveryWait(of member: MemberProcess) async throws -> String? {
        try await member.query(
            "SELECT wait_event_type || '/' || wait_event FROM pg_stat_activity WHERE backend_type = 'startup'"
        ).scalar
    }

    /// `snapshot`: what is read was deleted and vacuumed; `lock`: it was dropped.
    @Test(arguments: ["lock", "snapshot"])
    func `an elected standby ends a reader's transaction that its promotion would wait for, and no other session`(
        conflict: String
    ) async throws {
        let settings = Self.settings([
            "max_standby_streaming_delay": "-1", "hot_standby_feedback": "off", "autovacuum": "off",
        ])
        try await with(2, configuration: settings) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let (leader, standby) = (before.leader, before.standbys[0])
            try await leader.query("CREATE TABLE held AS SELECT g FROM generate_series(1, 1000) g")
            try await leader.query("CREATE TABLE other AS SELECT 1")
            try await eventually(within: .seconds(10), "the tables are on \(standby.name)") {
                try await standby.query("SELECT to_regclass('other') IS NOT NULL").scalar == "t"
            }
            let bystander = try await standby.open()
            _ = try await bystander.query("SELECT 1", deadline: .seconds(5))
            let reader = try await standby.open()
            _ = try await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ", deadline: .seconds(5))
            let read = conflict == "lock" ? "held" : "other"
            _ = try await reader.query("SELECT count(*) FROM \(read)", deadline: .seconds(5))
            if conflict == "lock" {
                try await leader.query("DROP TABLE held")
            } else {
                try await leader.query("DELETE FROM held")
                try await leader.query("VACUUM held")
            }
            try await leader.query("CREATE TABLE later AS SELECT 7")
            let wait = conflict == "lock" ? "Lock/relation" : "IPC/RecoveryConflictSnapshot"
            try await eventually(
                within: .seconds(10), "replay waits", { try await self.recoveryWait(of: standby) },
                until: { $0 == wait })
            // What replay waits for is not shown at each instant: it wakes after deadlock_timeout, looks, and waits again.
            try await holds(for: .milliseconds(1500), "before it is elected the reader is left alone") {
                try await standby.query(
                    """
                    SELECT to_regclass('later') IS NULL
                        AND EXISTS (SELECT FROM pg_stat_activity WHERE state = 'idle in transaction')
                    """
                ).scalar == "t"
            }
            let offset = standby.logEnd
            try await leader.destroy()
            let after = try await cluster.healthy(of: 1)
            #expect(after.leader.name == standby.name)
            #expect(standby.hasSaid("ended transactions that kept the promotion waiting", since: offset))
            #expect(try await standby.query("SELECT * FROM later").scalar == "7")
            await #expect(throws: PostgresError.self) {
                _ = try await reader.query("SELECT 1", deadline: .seconds(5))
            }
            #expect(try await bystander.query("SELECT 2", deadline: .seconds(5)).scalar == "2")
            await bystander.close()
            let promoted = standby.log(since: offset).first { $0.serialized().contains("\"promoted\"") }
            print("\(conflict): \(promoted?.serialized() ?? "promoted without a line")")
        }
    }
}

// Promotions that nobody here can bring to their end.
extension MemberTests {
    /// Hangs while the data directory has a file of that name; the archive has nothing otherwise.
    private static let hanging = settings(
        ["restore_command": "while test -e hang; do sleep 0.1; done; exit 1"], ["primary_start_timeout": 3])

    private func hang(_ member: MemberProcess) throws {
        let path = "\(member.dataDirectory)/hang"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        try #require(descriptor >= 0)
        close(descriptor)
    }

    @Test func `an elected standby that a restore_command holds up says so, and lets another one lead`() async throws {
        try await with(3, configuration: Self.hanging) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let (elected, other) = (before.standbys[0], before.standbys[1])
            try hang(elected)
            let offset = elected.logEnd
            let agent = try #require(other.agentProcess)
            kill(agent, SIGSTOP)
            do {
                defer { kill(agent, SIGCONT) }
                try await before.leader.destroy()
                try await eventually(within: .seconds(30), "\(elected.name) is elected") {
                    elected.hasSaid("took the leader lock", since: offset)
                }
                // Nobody else could lead: it goes on, and tells why it does not.
                try await eventually(within: .seconds(20), "it says what it waits for") {
                    try await cluster.problem(of: elected)?.contains("restore_command") == true
                }
                #expect(try await cluster.lock()["leader"] == elected.name)
            }
            let after = try await cluster.healthy(of: 1, ignoring: elected)
            #expect(after.leader.name == other.name)
            #expect(elected.hasSaid("stopped PostgreSQL because its promotion does not end", since: offset))
            #expect(unlink("\(elected.dataDirectory)/hang") == 0)
            #expect(try await cluster.healthy(of: 2).leader.name == other.name)
            try await eventually(within: .seconds(10), "nothing is wrong with \(elected.name) any more") {
                try await cluster.problem(of: elected) == nil
            }
        }
    }
}
