import Fence
import Glibc
import PostgresClient
import PostgresConfiguration
import ServerControl
import TestSupport
import Testing
import Units

@testable import PostgresInstance

@Suite(.serialized)
struct ReplicationTests {
    @Test func `a copy streams, and once promoted it is a primary on the next timeline`() async throws {
        try await TestServer.withWorld { world in
            let primary = try world.server("demo-0")
            let replica = try world.server("demo-1")
            try await primary.bootstrap()
            try await primary.run("CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 1000)")
            try await replica.join(primary)

            let seen = try await primary.status()
            let standby = try #require(seen.standbys.first { $0.applicationName == "demo-1" })
            #expect(standby.userName == "replicator")
            #expect(standby.state == "streaming")
            #expect(standby.synchronousState == "async")
            #expect(seen.slots.map(\.name) == ["demo_1"])
            #expect(seen.slots.first?.isActive == true)
            let own = try await replica.status()
            #expect(own.isInRecovery)
            #expect(own.receiver?.slot == "demo_1")
            #expect(own.receiver?.port == primary.port)

            // What is no row of a table arrives, too: a copy is one of the whole server.
            for statement in [
                "CREATE ROLE reader", "CREATE DATABASE other OWNER reader", "CREATE SEQUENCE numbers",
                "SELECT setval('numbers', 41)", "CREATE EXTENSION pg_stat_statements",
            ] { try await primary.run(statement) }
            try await eventually("role, database, sequence and extension are there") {
                try await replica.run(
                    """
                    SELECT (SELECT rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE datname = 'other'),
                        pg_sequence_last_value(to_regclass('numbers')),
                        (SELECT extname FROM pg_extension WHERE extname = 'pg_stat_statements')
                    """
                ).rows == [["reader", "41", "pg_stat_statements"]]
            }

            #expect(try await replica.instance.promote(deadline: .seconds(10)) == Timeline(rawValue: 2))
            try await replica.run("INSERT INTO t VALUES (0)")
            #expect(try await replica.run("SELECT count(*) FROM t").scalar == "1001")
            #expect(try await replica.run("SELECT nextval('numbers') > 41").scalar == "t")
            #expect(try await replica.status().timeline == Timeline(rawValue: 2))
        }
    }

    @Test func `a server says of its stream, and of those that stream from it, what PostgreSQL says`() async throws {
        try await TestServer.withWorld { world in
            let primary = try world.server("demo-0")
            let replica = try world.server("demo-1")
            try await primary.bootstrap()
            try await replica.join(primary)
            try await primary.allowAlterSystem()
            for (names, priority) in [
                (#"FIRST 1 ("demo-9", "demo-1")"#, 2), (#"ANY 1 ("demo-9", "demo-1")"#, 1), ("", 0),
            ] {
                try await primary.run("ALTER SYSTEM SET synchronous_standby_names = '\(names)'")
                try await primary.run("SELECT pg_reload_conf()")
                try await eventually("the place in \(names) is \(priority)") {
                    try await primary.status().standbys.map(\.synchronousPriority) == [priority]
                }
            }

            try await primary.run("CREATE TABLE t (n int)")
            try await eventually("the replica tells when that was") {
                let told = try await replica.status().replayedTimestamp ?? "-infinity"
                return try await replica.run("SELECT pg_last_xact_replay_timestamp() = '\(told)'").scalar == "t"
            }
            let own = try await primary.status()
            #expect(own.replayedTimestamp == nil && own.replicationState == nil)

            #expect(try await replica.status().replicationState == "streaming")
            let archive = try PostgresSettings(
                clusterName: "demo", parameters: ["shared_buffers": "16MB", "restore_command": "false"])
            for (settings, state) in [(archive, "in archive recovery"), (replica.settings, nil)] {
                _ = try await replica.instance.writeConfiguration(settings, role: .standby(upstream: nil))
                try await replica.instance.reload()
                try await eventually("the replica is \(state ?? "nowhere")") {
                    try await replica.status().replicationState == state
                }
            }
        }
    }

    @Test func `a pause of the replay by a person is told from one for the settings of the primary`() async throws {
        try await TestServer.withWorld { world in
            let primary = try world.server("demo-0")
            let replica = try world.server("demo-1")
            try await primary.bootstrap()
            try await replica.join(primary)
            try await replica.run("SELECT pg_wal_replay_pause()")
            var seen = try await replica.status()
            #expect(seen.isReplayPaused && !seen.isReplayPausedForSettings)
            try await replica.run("SELECT pg_wal_replay_resume()")

            try await primary.instance.stop(.fast, deadline: .seconds(20))
            let more = try PostgresSettings(
                clusterName: "demo", parameters: ["shared_buffers": "16MB", "max_connections": "150"])
            try await primary.instance.start(more, as: .primary)
            #expect(try await primary.instance.waitUntilAccepting(deadline: .seconds(30)) == .acceptingConnections)
            try await eventually("replay is paused for max_connections") {
                try await replica.status().isReplayPausedForSettings
            }
            // A start takes them from the control file.
            try await replica.instance.stop(.fast, deadline: .seconds(20))
            try await replica.startAndWait(as: .standby(upstream: primary.upstream(for: replica)))
            try await eventually("it streams again") { try await replica.status().receiver?.isStreaming == true }
            seen = try await replica.status()
            #expect(!seen.isReplayPaused && !seen.isReplayPausedForSettings)
        }
    }

    /// Whose flush confirms commits is known to PostgreSQL by name alone, and a copy is not synced.
    @Test func `only the server that streams goes by the member's name, not the copy it is made from`() async throws {
        try await TestServer.withWorld { world in
            let primary = try world.server("demo-0")
            let replica = try world.server("demo-1")
            try await primary.bootstrap()
            try await primary.allowAlterSystem()
            try await primary.run("ALTER SYSTEM SET log_connections = on")
            try await primary.run("SELECT pg_reload_conf()")
            func connections() -> [Substring] {
                (FileSystem.readIfPresent("\(primary.root)/server.log") ?? "").split(separator: "\n")
                    .filter { $0.contains("replication connection authorized") }
            }
            let upstream = primary.upstream(for: replica)
            try await replica.instance.clone(from: upstream, deadline: .seconds(60))
            // The slot's, the copy's, and that of the WAL beside it.
            #expect(connections().count { $0.contains("application_name=agent of demo-1") } >= 3)
            #expect(!connections().contains { $0.contains("application_name=demo-1") }, "\(connections())")
            try await replica.startAndWait(as: .standby(upstream: upstream))
            try await eventually("it streams in its own name") {
                try await primary.status().standbys.map(\.applicationName) == ["demo-1"]
            }
        }
    }

    @Test func `a commit as a client's needs a primary, and waits for the standbys a client's waits for`() async throws
    {
        try await TestServer.withWorld { world in
            let primary = try world.server("demo-0")
            let replica = try world.server("demo-1")
            try await primary.bootstrap()
            // Others' settings of a session are none of its own.
            try await primary.run("ALTER DATABASE postgres SET default_transaction_read_only = on")
            try await primary.instance.commitAsClient(deadline: .seconds(10))
            try await replica.join(primary)
            await #expect(throws: PostgresError.self) {
                try await replica.instance.commitAsClient(deadline: .seconds(10))
            }
            var settings = primary.settings
            settings.synchronousStandbyNames = "demo_1"
            try await primary.instance.writeConfiguration(settings, role: .primary)
            try await primary.instance.reload()
            try await eventually("somebody is waited for who is not there") {
                do throws(PostgresError) {
                    try await primary.instance.commitAsClient(deadline: .seconds(1))
                    return false
                } catch {
                    return error.code == .timeout
                }
            }
            settings.synchronousStandbyNames = #""demo-1""#
            try await primary.instance.writeConfiguration(settings, role: .primary)
            try await primary.instance.reload()
            try await eventually("the one that is there confirms") {
                do throws(PostgresError) {
                    try await primary.instance.commitAsClient(deadline: .seconds(5))
                    return true
                } catch {
                    return false
                }
            }
        }
    }

    @Test func `the shutdown checkpoint of a clean stop is on the replica`() async throws {
        try await TestServer.withWorld { world in
            let primary = try world.server("demo-0")
            let replica = try world.server("demo-1")
            try await primary.bootstrap()
            try await replica.join(primary)
            try await primary.run("CREATE TABLE t (n int)")
            let report = try await primary.instance.stop(.fast, deadline: .seconds(20))
            #expect(report.isClean && !report.wasEscalated)
            let checkpoint = try #require(report.shutdownCheckpoint)
            #expect(try await primary.instance.shutdownCheckpoint() == checkpoint)
            #expect(try await replica.status().position > checkpoint.checkpoint)

            // Therefore it needs no rewind when the replica takes over.
            _ = try await replica.instance.promote(deadline: .seconds(10))
            #expect(try await primary.instance.divergence(from: replica.upstream(for: primary)) == .none)
            try await primary.startAndWait(as: .standby(upstream: replica.upstream(for: primary)))
            // It begins on the timeline it knows, and changes over at that one's end.
            try await eventually("the old primary streams the new timeline, without a slot of its own yet") {
                try await replica.instance.ensureSlots([SlotName(member: "demo-0")], prefix: "demo_")
                let status = try await primary.status()
                return status.receiver?.isStreaming == true && status.timeline == Timeline(rawValue: 2)
            }
        }
    }

    @Test func `an old primary with rows nobody else has is recovered, rewound and follows`() async throws {
        try await TestServer.withWorld { world in
            let old = try world.server("demo-0")
            let new = try world.server("demo-1")
            try await old.bootstrap()
            try await old.run("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
            try await new.join(old)

            // Cut the replica off, let the old primary write on, and kill it without mercy.
            try await new.instance.follow(nil)
            try await eventually("the replica has stopped receiving") { try await new.status().receiver == nil }
            _ = try await new.instance.promote(deadline: .seconds(10))
            try await old.run("INSERT INTO t SELECT generate_series(100, 5000)")
            let end = try #require(try await old.run("SELECT pg_current_wal_flush_lsn()").scalar.flatMap { LSN($0) })
            try await new.run("INSERT INTO t VALUES (2)")
            try await new.instance.checkpoint(deadline: .seconds(10))
            let postmaster = try #require(old.instance.runningPostmaster)
            kill(postmaster.pid, SIGKILL)
            try await old.instance.stop(.immediate)

            let upstream = new.upstream(for: old)
            guard case .unknown = try await old.instance.divergence(from: upstream) else {
                Issue.record("an uncleanly stopped server cannot tell where its history ends")
                return
            }
            #expect(try await old.instance.crashRecovery() == .recovered)
            guard case .needsRewind(let reason) = try await old.instance.divergence(from: upstream) else {
                Issue.record("the divergence was not seen")
                return
            }
            #expect(reason.contains("timeline 1 ended at"))
            let abandoned = try await old.instance.abandonedWAL(against: upstream)
            #expect(
                abandoned.start == (await new.instance.history(of: Timeline(rawValue: 2)))?.end(of: abandoned.timeline))
            #expect(abandoned.end >= end && abandoned.end.bytes(since: end) < ByteCount(rawValue: 8192))
            #expect(abandoned.commits == 1)
            try await old.instance.rewind(from: upstream, deadline: .seconds(60))
            _ = try await new.instance.ensureSlots([SlotName(member: "demo-0")], prefix: "demo_")
            try await old.instance.follow(upstream)
            #expect(try await old.instance.waitUntilAccepting(deadline: .seconds(20)) == .acceptingConnections)
            try await eventually("the rewound server streams") { try await old.status().receiver?.isStreaming == true }
            try await eventually("it has exactly the new primary's rows") {
                try await old.run("SELECT array_agg(n ORDER BY n) FROM t").scalar == "{1,2}"
            }
            #expect(try await old.status().timeline == Timeline(rawValue: 2))
            #expect(try await old.instance.divergence(from: upstream) == .none)
        }
    }

    @Test func `a rewind that cannot reach its source leaves the data as it was`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.instance.stop(.fast)
            let nobody = Upstream(member: "demo-9", host: "127.0.0.1", port: 1, slot: nil)
            await #expect { try await server.instance.rewind(from: nobody, deadline: .seconds(10)) } throws: {
                ($0 as? InstanceError)?.code == .toolFailed
            }
            guard case .initialized = try await server.instance.dataDirectoryState() else {
                Issue.record("the data directory is no longer usable")
                return
            }
            try await server.startAndWait(as: .primary)
        }
    }

    @Test func `a copy that fails leaves nothing behind`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-1")
            let nobody = Upstream(member: "demo-9", host: "127.0.0.1", port: 1, slot: SlotName(member: "demo-1"))
            await #expect(throws: InstanceError.self) {
                try await server.instance.clone(from: nobody, deadline: .seconds(10))
            }
            #expect(try await server.instance.dataDirectoryState() == .absent)
        }
    }

    @Test func `a copy from a host that does not answer ends in its time`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-1")
            let host = try ScriptedServer.silent()
            let silent = Upstream(
                member: "demo-9", host: "127.0.0.1", port: Int(host.port), slot: SlotName(member: "demo-1"))
            let start = BootClock.now()
            await #expect { try await server.instance.clone(from: silent, deadline: .seconds(1)) } throws: {
                ($0 as? InstanceError)?.code == .timeout
            }
            #expect(BootClock.now() - start < .seconds(5))
            #expect(try await server.instance.dataDirectoryState() == .absent)
        }
    }

    @Test func `a standby's data is never started as a primary`() async throws {
        try await TestServer.withWorld { world in
            let primary = try world.server("demo-0")
            let replica = try world.server("demo-1")
            try await primary.bootstrap()
            // A fresh copy still looks like the running primary it was taken from.
            try await replica.instance.clone(from: primary.upstream(for: replica), deadline: .seconds(60))
            // Recovered on its own, from where its copy ended, it would be consistent with nobody's history.
            #expect(try await replica.instance.crashRecovery() == .skippedForBackupLabel)
            await #expect { try await replica.instance.start(replica.settings, as: .primary) } throws: {
                ($0 as? InstanceError)?.code == .refused
            }
            try await replica.startAndWait(as: .standby(upstream: primary.upstream(for: replica)))
            try await replica.instance.stop(.fast)
            await #expect { try await replica.instance.start(replica.settings, as: .primary) } throws: {
                ($0 as? InstanceError)?.code == .refused
            }
            // Also when somebody removed the signal file: the control file remembers.
            try FileSystem.remove("\(replica.instance.layout.dataDirectory)/standby.signal")
            await #expect { try await replica.instance.start(replica.settings, as: .primary) } throws: {
                ($0 as? InstanceError)?.code == .refused
            }
        }
    }

    @Test func `a server of another cluster is refused as upstream`() async throws {
        try await TestServer.withWorld { world in
            let ours = try world.server("demo-0")
            let theirs = try world.server("other-0")
            try await ours.bootstrap()
            try await theirs.bootstrap()
            try await ours.instance.stop(.fast)
            await #expect { try await ours.instance.divergence(from: theirs.upstream(for: ours)) } throws: {
                ($0 as? InstanceError)?.code == .foreignCluster
            }
        }
    }

    @Test func `member slots come and go, other slots stay`() async throws {
        try await TestServer.withWorld { world in
            let primary = try world.server("demo-0")
            try await primary.bootstrap()
            try await primary.run("SELECT pg_create_physical_replication_slot('backup', true)")
            // A member has an ordinal.
            try await primary.run("SELECT pg_create_physical_replication_slot('demo_barman', true)")
            let wanted: Set = [SlotName(member: "demo-1"), SlotName(member: "demo-2")]
            #expect(try await primary.instance.ensureSlots(wanted, prefix: "demo_").hasChanged)
            #expect(try await !primary.instance.ensureSlots(wanted, prefix: "demo_").hasChanged)
            #expect(try await primary.status().slots.allSatisfy { $0.restartPosition != nil })
            let kept = try await primary.instance.ensureSlots(
                [SlotName(member: "demo-2")], prefix: "demo_", drops: false)
            #expect(!kept.hasChanged)
            #expect(try await primary.status().slots.count == 4)
            #expect(try await primary.instance.ensureSlots([SlotName(member: "demo-2")], prefix: "demo_").hasChanged)
            #expect(Set(try await primary.status().slots.map(\.name)) == ["backup", "demo_barman", "demo_2"])
        }
    }

    @Test func `whether a server can be copied is known before anything is given up for the copy`() async throws {
        try await TestServer.withWorld { world in
            let primary = try world.server("demo-0")
            let replica = try world.server("demo-1")
            try await primary.bootstrap()
            let upstream = primary.upstream(for: replica)
            try await replica.instance.requireCopyable(upstream, deadline: .seconds(5))
            #expect(try await primary.status().slots.map(\.name) == ["demo_1"])
            // Again, without an error in the log of the source.
            try await replica.instance.requireCopyable(upstream, deadline: .seconds(5))
            #expect(try await primary.status().slots.map(\.name) == ["demo_1"])
            if try await primary.status().version.major >= 15 {
                #expect(FileSystem.readIfPresent("\(primary.root)/server.log")?.contains("already exists") == false)
            }
            func room() async -> CopyRoom? {
                await primary.instance.roomForCopy(from: upstream, deadline: .seconds(5))
            }
            let before = try #require(await room())
            #expect(before.size > .mebibytes(10) && before.size < .mebibytes(1000) && before.free > .mebibytes(1))
            // Without the WAL.
            #expect(try #require(before.copy) > .mebibytes(10) && before.copy.map { $0 < before.size } == true)
            #expect(await replica.instance.roomForCopy(from: upstream, deadline: .seconds(5)) == nil)
            try await primary.instance.stop(.fast)
            #expect(await room()?.copy == nil)
            await #expect(throws: (any Error).self) {
                try await replica.instance.requireCopyable(upstream, deadline: .seconds(5))
            }
        }
    }

    @Test func `how far a copy is stands in what pg_basebackup says`() {
        let meter = CopyMeter()
        meter.read("waiting for checkpoint")
        #expect(meter.percent == nil)
        meter.read("  23059/52311 kB (44%), 0/1 tablespace")
        #expect(meter.percent == 44)
        meter.read("52311/52311 kB (1000%), 1/1 tablespace")
        #expect(meter.percent == 44)
        meter.read("52311/52311 kB (100%), 1/1 tablespace")
        #expect(meter.percent == 100)
        meter.end()
        #expect(meter.percent == nil)
    }

    @Test func `old data is moved aside, never deleted`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            await #expect { try await server.instance.moveDataDirectoryAside(reason: "diverged") } throws: {
                ($0 as? InstanceError)?.code == .alreadyRunning
            }
            try await server.instance.stop(.fast)
            let kept = try await server.instance.moveDataDirectoryAside(reason: "diverged")
            #expect(kept.hasPrefix(server.instance.layout.dataDirectory + ".diverged.2"))
            #expect(FileSystem.exists("\(kept)/PG_VERSION"))
            #expect(server.instance.hasMovedAside(reason: "diverged"))
            #expect(
                !server.instance.hasMovedAside(reason: "diver")
                    && !server.instance.hasMovedAside(reason: "reinitialize-c"))
            #expect(try await server.instance.dataDirectoryState() == .absent)
        }
    }

    @Test func `fewer connections wait on a standby too, until it was restarted after its primary`() async throws {
        try await TestServer.withWorld { world in
            let (primary, standby) = (try world.server("demo-0"), try world.server("demo-1"))
            func settings(_ connections: String) throws -> PostgresSettings {
                try PostgresSettings(
                    clusterName: "demo", parameters: ["shared_buffers": "16MB", "max_connections": connections])
            }
            let (many, few) = (try settings("60"), try settings("40"))
            try await primary.instance.initialize()
            try await primary.instance.start(many, as: .primary)
            _ = try await primary.instance.waitUntilAccepting(deadline: .seconds(30))
            try await primary.instance.createRoles()
            let upstream = primary.upstream(for: standby)
            try await standby.instance.clone(from: upstream, deadline: .seconds(60))
            let role = ServerRole.standby(upstream: upstream)
            func restartStandby(_ settings: PostgresSettings) async throws {
                try await standby.instance.stop(.fast, deadline: .seconds(20))
                try await standby.instance.start(settings, as: role)
                #expect(try await standby.instance.waitUntilAccepting(deadline: .seconds(30)) == .acceptingConnections)
                try await eventually("it streams") { try await standby.status().receiver?.isStreaming == true }
            }
            try await restartStandby(many)
            #expect(try await standby.status().pendingRestart.isEmpty)
            try await standby.instance.writeConfiguration(few, role: role)
            try await standby.instance.reload()
            let waiting = [PendingSetting(name: "max_connections", oldValue: "60", newValue: "40")]
            #expect(try await standby.status().pendingRestart == waiting)
            // Too early: its primary has more.
            try await restartStandby(few)
            #expect(try await standby.run("SHOW max_connections").scalar == "60")
            #expect(try await standby.status().pendingRestart == waiting)
            try await primary.instance.stop(.fast, deadline: .seconds(20))
            try await primary.instance.start(few, as: .primary)
            _ = try await primary.instance.waitUntilAccepting(deadline: .seconds(30))
            try await eventually("the standby has replayed it") {
                try await standby.instance.controlData().primarySettings["max_connections"] == 40
            }
            #expect(try await standby.status().pendingRestart == waiting)
            try await restartStandby(few)
            #expect(try await standby.run("SHOW max_connections").scalar == "40")
            #expect(try await standby.status().pendingRestart.isEmpty)
        }
    }
}
