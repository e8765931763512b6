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
            } until: { problem in
                // 40000 rows are some megabytes of WAL.
                let sentences = ["1 MiB", "2 MiB", "4 MiB"].map {
                    "may not lead: it is more than \($0) of WAL behind the last leader, "
                        + "and no more than 1 MiB may be lost"
                }
                return sentences.contains { problem?.hasPrefix($0) == true }
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

    @Test func `quorum: nobody leads while too few who could know of a commit are there, until somebody says so`()
        async throws
    {
        try await synchronous(mode: "quorum", expecting: 2) { cluster, before in
            let (gone, survivor) = (before.standbys[0], before.standbys[1])
            let writer = RowWriter(to: [before.leader])
            await writer.start()
            try await writer.more(20)
            await writer.stop()
            for member in [before.leader, gone] { member.killEverything() }
            for member in [before.leader, gone] { try await member.destroy() }
            try await eventually(within: .seconds(20), "\(survivor.name) says what it waits for") {
                survivor.hasSaid("1 of 2 synchronous standbys have sealed for epoch")
            }
            try await holds(for: .seconds(3), "it leads nothing") {
                guard try await cluster.lock()["leader"] != survivor.name else { return false }
                return try await survivor.query("SELECT pg_is_in_recovery()").scalar == "t"
            }
            try await cluster.annotate(
                .failover, ["member": .string(survivor.name), "matriarch.dev/request-id": "all the same"])
            let result = try await cluster.result(of: "all the same")
            #expect(result["outcome"] == "succeeded" && result["to"]?.stringValue == survivor.name)
            #expect(result["loss"]?.stringValue?.contains("lost") == true, "\(result)")
            let after = try await cluster.healthy(of: 1)
            #expect(after.leader.name == survivor.name && after.timeline == before.timeline + 1)
            for member in [before.leader, gone] { try member.start() }
            #expect(try await cluster.healthy().leader.name == survivor.name)
        }
    }

    /// Backups, subscriptions and people take walsenders, too.
    @Test func `with no walsender free on any member the leader is replaced all the same`() async throws {
        var configuration = Self.configuration
        configuration["postgresql"] = [
            "parameters": ["shared_buffers": "16MB", "max_connections": 30, "max_wal_senders": 7]
        ]
        try await with(3, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            try await RowWriter.prepare(on: before.leader)
            for standby in before.standbys {
                try await eventually("\(standby.name) has the table") {
                    try await standby.query("SELECT count(*) FROM written").scalar == "0"
                }
            }
            var strangers: [PostgresConnection] = []
            for member in cluster.members {
                try await eventually(within: .seconds(20), "no walsender is free on \(member.name)") {
                    do throws(PostgresError) {
                        strangers.append(try await member.openReplication())
                        return "one was free"
                    } catch {
                        return error.message
                    }
                } until: {
                    $0.contains("number of requested standby connections exceeds max_wal_senders")
                }
            }
            try await before.leader.destroy()
            let lead = try await eventually(within: .seconds(30), "a standby leads and takes writes") {
                let name = try await cluster.lock()["leader"]
                guard let leader = before.standbys.first(where: { $0.name == name }) else {
                    return nil as MemberProcess?
                }
                try await leader.query("INSERT INTO written VALUES (1)")
                return leader
            } until: {
                $0 != nil
            }
            let leader = try #require(lead)
            let senders = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'"
            #expect(try await leader.query(senders).scalar == "7")
            for connection in strangers { await connection.close() }
            #expect(try await cluster.healthy(of: 2).leader.name == leader.name)
            try before.leader.start()
            try await cluster.healthy()
        }
    }
}

extension MemberProcess {
    /// A session that takes a walsender and does nothing with it, as the role that members copy with.
    fileprivate func openReplication() async throws(PostgresError) -> PostgresConnection {
        var parameters = ConnectionParameters(
            address: .host(address), port: Int(port), user: "replicator", database: nil, applicationName: "stranger",
            isReplication: true)
        parameters.password = ConnectionParameters.Password("secret of replicator")
        return try await PostgresConnection.open(parameters, deadline: .seconds(2))
    }
}
