import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// Members that are stopped or restarted on purpose, while commits wait for standbys.
extension MemberTests {
    private func configuration(_ mode: String, standbys: Int = 1) -> JSONValue {
        var configuration = Self.configuration
        configuration["synchronous_mode"] = .string(mode)
        configuration["synchronous_node_count"] = .int(Int64(standbys))
        return configuration
    }

    /// A leader whose agent sleeps keeps its lock for as long as a slow machine needs.
    private var patient: JSONValue {
        var configuration = configuration("quorum", standbys: 2)
        configuration["ttl"] = 20
        return configuration
    }

    @Test func `a standby that is restarted leaves first: no commit waits for it`() async throws {
        try await with(3, configuration: patient) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            try await cluster.synchronousStandbys(2)
            try await RowWriter.prepare(on: before.leader)
            // A commit that waits for somebody who is not there fails, and no other: a neighbour may slow all of them.
            let writer = RowWriter(to: [before.leader], patience: .seconds(20))
            await writer.start()
            try await writer.more(50)
            let leaderLog = before.leader.logEnd
            for standby in before.standbys {
                let postmaster = try #require(standby.postmaster)
                let agent = try #require(before.leader.agentProcess)
                // As a cleaner of temporary files does: nobody can connect any more, and WAL is confirmed all the same.
                let offset = standby.logEnd
                unlink("\(standby.folder)/run/.s.PGSQL.\(standby.port)")
                try await eventually(within: .seconds(10), "\(standby.name) accepts no new connection") {
                    standby.hasSaid("PostgreSQL accepts no new connection", since: offset)
                }
                // With its agent asleep the leader goes on waiting for the standby, which therefore has to go on running.
                kill(agent, SIGSTOP)
                do {
                    defer { kill(agent, SIGCONT) }
                    try await eventually(within: .seconds(15), "\(standby.name) is to be restarted") {
                        standby.hasSaid("restarting PostgreSQL because it answers nobody", since: offset)
                    }
                    try await holds(for: .milliseconds(400), "\(standby.name) still runs") {
                        standby.postmaster == postmaster
                    }
                }
                try await eventually(within: .seconds(20), "\(standby.name) has another postmaster") {
                    standby.postmaster != nil && standby.postmaster != postmaster
                }
                let stopped = try #require(standby.first("stopping the postmaster", since: offset))
                let other = try #require(before.standbys.first { $0.name != standby.name })
                let letGo = try #require(
                    before.leader.first("commits wait for ANY 1 (\"\(other.name)\")", since: leaderLog))
                #expect(letGo <= stopped)
                try await writer.more(20)
                try await cluster.synchronousStandbys(2)
            }
            await writer.stop()
            print("longest commit while two standbys were restarted: \(await writer.longestGap)")
            #expect(await writer.failures == [])
        }
    }

    @Test func `a standby stops only when the leader's server, and not just its record, has let it go`() async throws {
        try await with(3, configuration: patient) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            try await cluster.synchronousStandbys(2)
            let standby = before.standbys[0]
            let postmaster = try #require(standby.postmaster)
            // The process that lets commits go when this standby confirms them does not read the new names.
            let sender = try #require(try await before.leader.walsender(of: standby.name))
            kill(sender, SIGSTOP)
            do {
                defer { kill(sender, SIGCONT) }
                let offset = standby.logEnd
                unlink("\(standby.folder)/run/.s.PGSQL.\(standby.port)")
                try await eventually(within: .seconds(20), "the record has let \(standby.name) go") {
                    try await cluster.annotations(.synchronization)["sync_standby"]?.contains(standby.name) == false
                }
                #expect(standby.hasSaid("restarting PostgreSQL because it answers nobody", since: offset))
                try await holds(for: .milliseconds(800), "\(standby.name) still runs") {
                    standby.postmaster == postmaster
                }
            }
            try await eventually(within: .seconds(20), "\(standby.name) has another postmaster") {
                standby.postmaster != nil && standby.postmaster != postmaster
            }
            try await cluster.synchronousStandbys(2)
        }
    }

    @Test(arguments: ["on", "quorum"])
    func `a commit that is on its way when a standby is let go does not wait for the next one`(mode: String)
        async throws
    {
        var configuration = configuration(mode, standbys: 2)
        // Nobody but the commit writes, and no standby confirms anything of its own accord.
        configuration["postgresql"] = [
            "parameters": [
                "shared_buffers": "16MB", "max_connections": 30, "autovacuum": "off",
                "wal_receiver_status_interval": "0", "wal_receiver_timeout": "0", "wal_sender_timeout": "0",
            ]
        ]
        try await with(3, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            try await cluster.synchronousStandbys(2)
            try await RowWriter.prepare(on: before.leader)
            let standby = before.standbys[0]
            let silenced =
                before.leader.postgresProcesses(titled: "background writer")
                + standby.postgresProcesses(titled: "walreceiver")
            #expect(silenced.count == 2)
            for process in silenced { kill(process, SIGSTOP) }
            defer { for process in silenced { kill(process, SIGCONT) } }
            let connection = try await before.leader.open()
            async let commit = connection.query("INSERT INTO written VALUES (1)", deadline: .seconds(30))
            try await eventually(within: .seconds(10), "the commit waits") {
                try await before.leader.query(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'test'"
                ).scalar == "1"
            }
            try cluster.writeTags([standby.name: ["nosync": true]])
            try await eventually(within: .seconds(20), "nobody waits for \(standby.name)") {
                try await before.leader.query("SHOW synchronous_standby_names").scalar?.contains(standby.name) == false
            }
            _ = try await commit
            await connection.close()
        }
    }

    @Test(arguments: ["on", "quorum"])
    func `a leader that stops names an heir also when its record lets nobody lead`(mode: String) async throws {
        try await with(2, configuration: configuration(mode)) { cluster in
            try cluster.writeAgentFile(["tags": ["demo-0": ["nosync": true], "demo-1": ["nosync": true]]])
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            try await cluster.synchronousStandbys(0)
            try await RowWriter.prepare(on: before.leader)
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(50)
            before.leader.terminate()
            let after = try await cluster.healthy(of: 1, ignoring: before.leader)
            #expect(after.leader.name != before.leader.name)
            try await writer.more(20, from: { $0 == after.leader.name })
            await writer.stop()
            #expect(try await writer.lost(on: after.leader) == [])
            // Again it is the leader alone that may lead.
            let record = try await cluster.annotations(.synchronization)
            #expect(record["leader"] == after.leader.name)
            #expect(record["sync_standby"] == "")
        }
    }

    @Test func `a leader that is stopped while nobody receives serves on until somebody does`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            try await RowWriter.prepare(on: before.leader)
            let standby = try #require(before.standbys.first)
            // Frozen in the middle of a record, it could hold a lock that its agent's questions wait for.
            let written = try #require(await before.leader.query("SELECT pg_current_wal_flush_lsn()").scalar)
            try await eventually(within: .seconds(10), "\(standby.name) has replayed everything") {
                try await standby.query("SELECT pg_last_wal_replay_lsn() >= '\(written)'").scalar == "t"
            }
            // Without its startup process nobody asks for WAL: as after a restart of the leader, only for longer.
            let startup = standby.postgresProcesses(titled: "startup")
            #expect(startup.count == 1)
            for process in startup { kill(process, SIGSTOP) }
            defer { for process in startup { kill(process, SIGCONT) } }
            for process in standby.postgresProcesses(titled: "walreceiver") { kill(process, SIGTERM) }
            try await eventually(within: .seconds(5), "nobody receives") {
                standby.postgresProcesses(titled: "walreceiver").isEmpty
            }
            try await before.leader.query("INSERT INTO written VALUES (1), (2), (3)")
            let offset = before.leader.logEnd
            before.leader.terminate()
            try await eventually(within: .seconds(4), "the leader waits") {
                before.leader.hasSaid("waiting for a standby to receive", since: offset)
            }
            try await before.leader.query("INSERT INTO written VALUES (4)")
            for process in startup { kill(process, SIGCONT) }
            let after = try await cluster.healthy(of: 1, ignoring: before.leader)
            #expect(after.leader.name == standby.name)
            #expect(try await after.leader.query("SELECT count(*) FROM written").scalar == "4")
        }
    }

    @Test func `a leader that is stopped while its server starts up does not wait for the start`() async throws {
        try await with(2) { cluster in
            let slow = "\(cluster.folder)/slow"
            for member in cluster.members {
                // As a server that recovers for a long time: it is there, and lets nobody in.
                let variables = try member.replaceProgram(
                    "postgres",
                    by: """
                        [ "$1" = -D ] && [ -e \(slow)-\(member.name) ] && exec sleep 600
                        exec "$program" "$@"
                        """)
                try member.start(environment: variables)
            }
            let before = try await cluster.healthy()
            let leader = before.leader
            let postmaster = try #require(leader.postmaster)
            fclose(fopen("\(slow)-\(leader.name)", "w"))
            let offset = leader.logEnd
            kill(postmaster, SIGKILL)
            try await eventually(within: .seconds(15), "its server is started again") {
                leader.hasSaid("started the postmaster", since: offset)
            }
            leader.terminate()
            try await eventually(within: .seconds(10), "it ends") { !leader.isRunning }
            #expect(leader.postgresProcesses == [])
            let after = try await cluster.healthy(of: 1, ignoring: leader)
            #expect(after.leader.name == before.standbys[0].name)
        }
    }

    @Test func `a former leader that is stopped while it recovers does not wait for the recovery`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let old = try await cluster.healthy().leader
            try await old.destroy()
            let next = try await cluster.healthy(of: 1, ignoring: old).leader
            // Nobody leads when the old one comes back, so that it recovers before anything else.
            next.terminate()
            try await eventually(within: .seconds(30), "nobody leads") {
                guard !next.isRunning else { return false }
                return try await cluster.lock()["leader"] == nil
            }
            let variables = try old.replaceProgram(
                "postgres", by: #"[ "$1" = --single ] && exec sleep 600; exec "$program" "$@""#)
            let offset = old.logEnd
            try old.start(environment: variables)
            try await eventually(within: .seconds(20), "it recovers") {
                old.hasSaid("recovering in single-user mode", since: offset)
            }
            #expect(old.hasSaid("doing crash recovery in a single user mode", since: offset))
            old.terminate()
            try await eventually(within: .seconds(10), "it ends") { !old.isRunning }
            #expect(old.postgresProcesses == [])
        }
    }

    @Test func `mode on: commits wait for the standby in another zone than the leader's`() async throws {
        try await with(3, configuration: configuration("on")) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let near = try await cluster.synchronousStandbys(1)
            let far = try #require(before.standbys.first { !near.contains($0.name) })
            for member in cluster.members { try await cluster.setZone(member.name == far.name ? "b" : "a", of: member) }
            try await eventually(within: .seconds(20), "commits wait for \(far.name)") {
                try await before.leader.query("SHOW synchronous_standby_names").scalar == "1 (\"\(far.name)\")"
            }
            #expect(try await cluster.synchronousStandbys(1) == [far.name])
            // A preference, and no more.
            try await far.destroy()
            try await eventually(within: .seconds(20), "commits wait for the other one") {
                try await cluster.annotations(.synchronization)["sync_standby"] == near.first
            }
        }
    }
}

extension MemberProcess {
    /// The process of this server that sends WAL to a standby.
    fileprivate func walsender(of standby: String) async throws -> pid_t? {
        try await query("SELECT pid FROM pg_stat_replication WHERE application_name = '\(standby)'").scalar
            .flatMap { pid_t($0) }
    }

    /// When its log first said so.
    fileprivate func first(_ text: String, since offset: Int) -> String? {
        log(since: offset).first { $0["message"]?.stringValue?.contains(text) == true }?["time"]?.stringValue
    }
}

extension MemberCluster {
    fileprivate func writeAgentFile(_ content: JSONValue) throws {
        var file = content
        file["cluster"] = .string(Self.name)
        file["lockObject"] = .string(lockObject)
        if lockObject == "ConfigMap" { file["route"] = ["kind": "EndpointSlice"] }
        let path = "\(folder)/agent.json"
        let stream = try #require(fopen(path, "w"), "cannot write \(path)")
        fputs(file.serialized(), stream)
        fclose(stream)
    }

    /// Writes the label Kubernetes copies from the node.
    fileprivate func setZone(_ zone: String, of member: MemberProcess) async throws {
        _ = try await client.mergePatchRaw(
            Pod.resource, name: member.name, namespace: namespace,
            body: ["metadata": ["labels": ["topology.kubernetes.io/zone": .string(zone)]]])
    }
}
