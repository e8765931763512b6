import Glibc
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// Commits that wait for standbys: what was acknowledged is there afterwards, whatever happens to the leader.
extension MemberTests {
    /// Members in a synchronous mode, once the store names as many synchronous standbys as there can be.
    func synchronous(
        _ count: Int = 3, mode: JSONValue, strict: Bool = false, expecting members: Int,
        _ scenario: (MemberCluster, Leadership) async throws -> Void
    ) async throws {
        var configuration = Self.configuration
        configuration["synchronous_mode"] = mode
        configuration["synchronous_mode_strict"] = .bool(strict)
        try await with(count, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let leadership = try await cluster.healthy()
            try await cluster.synchronousStandbys(members)
            try await RowWriter.prepare(on: leadership.leader)
            try await scenario(cluster, leadership)
        }
    }

    @Test(arguments: ["on", "quorum"])
    func `no acknowledged row is lost when the leader dies under load, and a synchronous standby takes its place`(
        mode: String
    ) async throws {
        try await synchronous(mode: .string(mode), expecting: mode == "on" ? 1 : 2) { cluster, before in
            let electable = try await cluster.synchronousStandbys(mode == "on" ? 1 : 2)
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(100)
            try await before.leader.destroy()
            let after = try await cluster.healthy(of: 2)
            try await writer.more(50, from: { $0 == after.leader.name })
            await writer.stop()
            #expect(electable.contains(after.leader.name))
            #expect(try await writer.lost(on: after.leader) == [])
            try before.leader.start()
            try await cluster.healthy()
            try await cluster.synchronousStandbys(mode == "on" ? 1 : 2)
        }
    }

    @Test func `quorum: an old leader that never stops and goes on streaming acknowledges nothing the new one lacks`()
        async throws
    {
        try await synchronous(mode: "quorum", expecting: 2) { cluster, before in
            let old = before.leader
            let writers = (0..<4).map { _ in RowWriter(to: [old]) }
            for writer in writers { await writer.start() }
            try await writers[0].more(50)
            // Neither the agent nor the fence acts any more; PostgreSQL knows nothing of it.
            for process in [old.agentProcess, old.initProcess] { kill(try #require(process), SIGSTOP) }
            let after = try await cluster.healthy(of: 2, ignoring: old)
            #expect(after.leader.name != old.name)
            try await RowWriter.settle(writers[0])
            #expect(try await old.query("SELECT pg_is_in_recovery()").scalar == "f")
            for writer in writers {
                await writer.stop()
                #expect(try await writer.lost(on: after.leader) == [])
            }
            for process in [old.agentProcess, old.initProcess] { kill(try #require(process), SIGCONT) }
            try await old.destroy()
            try old.start()
            try await cluster.healthy()
        }
    }

    @Test func `mode on: a synchronous standby that dies is replaced by another, and commits wait no longer than that`()
        async throws
    {
        try await synchronous(mode: "on", expecting: 1) { cluster, before in
            let chosen = try await cluster.synchronousStandbys(1)
            let dead = try #require(before.standbys.first { chosen.contains($0.name) })
            let other = try #require(before.standbys.first { !chosen.contains($0.name) })
            let writer = RowWriter(to: [before.leader], patience: .seconds(20))
            await writer.start()
            try await writer.more(50)
            dead.killEverything()
            let killed = ContinuousClock.now
            try await eventually(within: .seconds(20), "\(other.name) is recorded") {
                try await cluster.annotations(.synchronization)["sync_standby"]
            } until: {
                $0 == other.name
            }
            // `loop_wait` and two seconds, and two more for a neighbour of this machine; nobody waits for `ttl`.
            #expect(ContinuousClock.now - killed < Self.soonestExpiry)
            try await writer.more(50)
            await writer.stop()
            #expect(await writer.failures == [])
            #expect(await writer.longestGap < Self.soonestExpiry)
            try await dead.destroy()
            #expect(
                try await before.leader.query("SHOW synchronous_standby_names").scalar?.contains(other.name) == true)
        }
    }

    @Test func `mode on: a standby that is not recorded is never promoted, also when it is the only member left`()
        async throws
    {
        try await synchronous(mode: "on", expecting: 1) { cluster, before in
            let electable = try await cluster.synchronousStandbys(1)
            let third = try #require(before.standbys.first { !electable.contains($0.name) })
            for member in cluster.members where member.name != third.name { member.killEverything() }
            try await eventually(within: .seconds(20), "\(third.name) says why it yields") {
                third.hasSaid("I am not a synchronous standby")
            }
            #expect(try await third.query("SELECT pg_is_in_recovery()").scalar == "t")
            #expect(try await cluster.lock()["leader"] != third.name)
            for member in cluster.members where member.name != third.name {
                try await member.destroy()
                try member.start()
            }
            try await cluster.healthy()
        }
    }

    /// A stopped checkpointer stands for one that writes a long checkpoint: sessions and walsenders show the names, and no commit
    /// waits for them.
    @Test func `a standby that comes back while the checkpointer is busy is not recorded before commits wait for it`()
        async throws
    {
        try await synchronous(2, mode: "on", expecting: 1) { cluster, before in
            let (leader, standby) = (before.leader, before.standbys[0])
            try await standby.destroy()
            try await cluster.synchronousStandbys(0)
            try await eventually(within: .seconds(10), "commits wait for nobody") {
                try await leader.query("SHOW synchronous_standby_names").scalar == ""
            }
            try await leader.query("INSERT INTO written VALUES (1)")
            let checkpointer = try #require(leader.postgresProcesses(titled: "checkpointer").first)
            kill(checkpointer, SIGSTOP)
            try standby.start()
            try await eventually(within: .seconds(20), "the names show the standby") {
                try await leader.query("SHOW synchronous_standby_names").scalar?.contains(standby.name) == true
            }
            try await eventually(within: .seconds(20), "and it streams") {
                try await leader.query("SELECT sync_state FROM pg_stat_replication").scalar == "sync"
            }
            // It returns at once, though the standby does not confirm it: so nobody may say that it waits.
            let sender = try #require(leader.postgresProcesses(titled: "walsender").first)
            kill(sender, SIGSTOP)
            for value in 2..<12 {
                try await leader.query("INSERT INTO written VALUES (\(value))")
                #expect(try await cluster.annotations(.synchronization)["sync_standby"] ?? "" == "")
                // Longer than the loop takes to record a standby.
                try await leader.query("SELECT pg_sleep(0.3)")
            }
            // The record lets nobody but the leader lead: nothing that was acknowledged is lost.
            leader.killEverything()
            try await eventually(within: .seconds(20), "\(standby.name) says why it yields") {
                standby.hasSaid("I am not a synchronous standby")
            }
            #expect(try await standby.query("SELECT pg_is_in_recovery()").scalar == "t")
            try await leader.destroy()
            try leader.start()
            try await cluster.healthy()
            try await cluster.synchronousStandbys(1)
            #expect(try await leader.query("SELECT count(*) FROM written WHERE number < 12").scalar == "11")
        }
    }

    @Test func `a standby knows before it is promoted that commits will wait`() async throws {
        try await synchronous(mode: "on", strict: true, expecting: 1) { cluster, before in
            for standby in before.standbys {
                try await eventually(within: .seconds(10), "\(standby.name) is prepared") {
                    try await standby.query("SHOW synchronous_standby_names").scalar?.contains("__patroni") == true
                }
            }
            let electable = try await cluster.synchronousStandbys(1)
            let heir = try #require(before.standbys.first { electable.contains($0.name) })
            // Prepared is prepared: a checkpointer that is busy now hinders no promotion.
            try await eventually(within: .seconds(10), "it has been asked") {
                try await heir.query("SELECT count(*) FROM pg_stat_activity WHERE query = 'CHECKPOINT'").scalar == "0"
            }
            try await before.leader.destroy()
            let after = try await cluster.healthy(of: 2)
            #expect(after.leader.name == heir.name)
            #expect(!heir.hasSaid("waiting for the checkpointer to know that commits wait"))
            try before.leader.start()
            try await cluster.healthy()
        }
    }

    @Test func `an agent that cannot read the settings honours the record all the same`() async throws {
        try await synchronous(mode: "on", expecting: 1) { cluster, before in
            let electable = try await cluster.synchronousStandbys(1)
            let third = try #require(before.standbys.first { !electable.contains($0.name) })
            try await cluster.annotate(.configuration, ["config": "{"])
            try await eventually(within: .seconds(10), "the leader tells of it") {
                before.leader.hasSaid("the store has what cannot be read")
            }
            // Its new life knows nothing but defaults: mode off.
            let agent = try #require(third.agentProcess)
            kill(agent, SIGKILL)
            try await eventually(within: .seconds(10), "another agent") {
                third.agentProcess.map { $0 != agent } ?? false
            }
            for member in cluster.members where member.name != third.name { member.killEverything() }
            try await eventually(within: .seconds(30), "\(third.name) says why it yields") {
                third.hasSaid("I am not a synchronous standby")
            }
            #expect(try await third.query("SELECT pg_is_in_recovery()").scalar == "t")
            #expect(try await cluster.annotations(.synchronization)["sync_standby"] == electable.first)
            var configuration = Self.configuration
            configuration["synchronous_mode"] = "on"
            try await cluster.annotate(.configuration, ["config": .string(configuration.serialized())])
            for member in cluster.members where member.name != third.name {
                try await member.destroy()
                try member.start()
            }
            try await cluster.healthy()
        }
    }

    @Test(arguments: ["on", "quorum"])
    func `standbys that are stopped leave first, so that no commit waits for them`(mode: String) async throws {
        try await synchronous(mode: .string(mode), expecting: mode == "on" ? 1 : 2) { cluster, before in
            // A commit that waits for somebody who is not there fails, and no other: a neighbour may slow all of them.
            let writer = RowWriter(to: [before.leader], patience: .seconds(20))
            await writer.start()
            try await writer.more(50)
            for standby in before.standbys {
                standby.terminate()
                try await eventually(within: .seconds(20), "\(standby.name) has stopped") { !standby.isRunning }
            }
            try await writer.more(50)
            await writer.stop()
            #expect(await writer.failures == [])
            try await cluster.synchronousStandbys(0)
            #expect(try await before.leader.query("SHOW synchronous_standby_names").scalar == "")
        }
    }

    @Test func `strict: with no standby left commits wait and reads go on; when one is back they return`() async throws
    {
        try await synchronous(2, mode: "on", strict: true, expecting: 1) { cluster, before in
            let standby = before.standbys[0]
            try await standby.destroy()
            await #expect(throws: PostgresError.self) {
                try await before.leader.query("INSERT INTO written VALUES (1)")
            }
            #expect(try await before.leader.query("SELECT 1").scalar == "1")
            // Who says so for one transaction of its own waits for nobody.
            let session = try await before.leader.open()
            for statement in [
                "BEGIN", "SET LOCAL synchronous_commit TO local", "INSERT INTO written VALUES (3)", "COMMIT",
            ] { _ = try await session.query(statement, deadline: .seconds(5)) }
            await session.close()
            #expect(try await before.leader.query("SELECT count(*) FROM written WHERE number = 3").scalar == "1")
            #expect(try await cluster.synchronousStandbys(1) == [standby.name])
            try standby.start()
            try await cluster.healthy()
            try await eventually(within: .seconds(10), "a commit returns") {
                try await before.leader.query("INSERT INTO written VALUES (2)")
                return true
            }
        }
    }

    @Test func `after a crash restart ordinary users are held out until the standby has what they would see`()
        async throws
    {
        try await synchronous(2, mode: "on", strict: true, expecting: 1) { cluster, before in
            let leader = before.leader
            try await leader.query("CREATE ROLE app LOGIN PASSWORD 'app'")
            #expect(try await leader.signIn("app", in: cluster) == nil)
            try await before.standbys[0].destroy()
            kill(try #require(leader.postmaster), SIGKILL)
            try await eventually(within: .seconds(20), "the leader is back") {
                try await leader.query("SELECT 1").scalar == "1"
            }
            let refusal = try await leader.signIn("app", in: cluster)
            #expect(refusal?.contains("pg_hba.conf rejects") == true, "\(refusal ?? "let in")")
            try before.standbys[0].start()
            try await eventually(within: .seconds(20), "app gets in") {
                try await leader.signIn("app", in: cluster) == nil
            }
        }
    }

    /// PostgreSQL would recover by itself and let everybody in.
    @Test func `a process of the server that crashes ends it, and its agent starts it again with users held out`()
        async throws
    {
        try await synchronous(2, mode: "on", strict: true, expecting: 1) { cluster, before in
            let leader = before.leader
            try await leader.query("CREATE ROLE app LOGIN PASSWORD 'app'")
            #expect(try await leader.signIn("app", in: cluster) == nil)
            try await eventually(within: .seconds(10), "in force") {
                try await leader.query("SHOW restart_after_crash").scalar == "off"
            }
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            let postmaster = try #require(leader.postmaster)
            let writer = RowWriter(to: [leader])
            await writer.start()
            try await writer.more(50)
            await writer.stop()
            try await before.standbys[0].destroy()
            kill(try #require(leader.postgresProcesses(titled: "checkpointer").first), SIGKILL)
            try await eventually(within: .seconds(20), "the leader is back") {
                try await leader.query("SELECT 1").scalar == "1" && leader.postmaster != postmaster
            }
            let refusal = try await leader.signIn("app", in: cluster)
            #expect(refusal?.contains("pg_hba.conf rejects") == true, "\(refusal ?? "let in")")
            try before.standbys[0].start()
            try await eventually(within: .seconds(20), "app gets in") {
                try await leader.signIn("app", in: cluster) == nil
            }
            #expect(try await cluster.lock()["leader"] == leader.name)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
            #expect(try await writer.lost(on: leader) == [])
            // While paused nobody would start it again.
            var paused = Self.configuration
            paused["synchronous_mode"] = "on"
            paused["synchronous_mode_strict"] = true
            paused["pause"] = true
            try await cluster.annotate(.configuration, ["config": .string(paused.serialized())])
            try await eventually(within: .seconds(10), "it would restart by itself") {
                try await leader.query("SHOW restart_after_crash").scalar == "on"
            }
        }
    }
}

extension MemberCluster {
    /// The recorded synchronous standbys, once there are `count`.
    @discardableResult
    func synchronousStandbys(_ count: Int) async throws -> Set<String> {
        let record = try await eventually(
            within: .seconds(20), "\(count) synchronous standbys", { try await annotations(.synchronization) },
            until: { record in
                record["leader"] != nil && record["sync_standby"]?.split(separator: ",").count == count
            })
        return Set((record["sync_standby"] ?? "").split(separator: ",").map(String.init))
    }
}

extension MemberProcess {
    /// - Returns: nil when the user gets in with its own name as password, otherwise what the server says.
    func signIn(_ user: String, in cluster: MemberCluster) async throws -> String? {
        let path = "\(cluster.folder)/pgpass-\(user)"
        guard let file = fopen(path, "w") else { throw PostgresError(.unexpectedAnswer, "cannot write \(path)") }
        fputs("*:*:*:\(user):\(user)\n", file)
        fclose(file)
        chmod(path, 0o600)
        do throws(PostgresError) {
            let connection = try await PostgresConnection.open(
                ConnectionParameters(
                    address: .host("127.0.0.1"), port: Int(port), user: user, passwordFile: path,
                    applicationName: "test"), deadline: .seconds(2))
            await connection.close()
            return nil
        } catch {
            return error.message
        }
    }
}

extension RowWriter {
    /// Gives the writer time for several more attempts, which may all fail.
    static func settle(_ writer: RowWriter) async throws {
        let before = await writer.attempts
        try await eventually(within: .seconds(10), "three more attempts") { await writer.attempts >= before + 3 }
    }
}
