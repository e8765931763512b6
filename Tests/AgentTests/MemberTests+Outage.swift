import Glibc
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// What becomes of a leader whose PostgreSQL does not come up or does not stop.
extension MemberTests {
    private static func settings(_ more: [String: JSONValue]) -> JSONValue {
        .object((configuration.objectValue ?? [:]).merging(more) { $1 })
    }

    @Test func `another member takes over from a leader whose PostgreSQL crashed or cannot start`() async throws {
        try await with(3, configuration: Self.settings(["primary_start_timeout": 0])) { cluster in
            for member in cluster.members { try member.start() }
            let first = try await cluster.healthy()
            kill(try #require(first.leader.postmaster), SIGKILL)
            try await eventually(within: .seconds(20), "another leader", { try await cluster.lock()["leader"] }) {
                $0 != nil && $0 != first.leader.name
            }
            #expect(first.leader.hasSaid("stopped PostgreSQL to fail over after a crash"))
            let second = try await cluster.healthy()
            #expect(second.timeline == first.timeline + 1)

            // From here on a crash alone is no reason.
            try await cluster.annotate(.configuration, ["config": .string(Self.configuration.serialized())])
            let leader = second.leader
            let agent = try #require(leader.agentProcess)
            let offset = leader.logEnd
            let postmaster = try #require(leader.postmaster)
            kill(postmaster, SIGKILL)
            try await eventually(within: .seconds(20), "started in place", { leader.postmaster }) {
                $0 != nil && $0 != postmaster
            }
            #expect(try await cluster.healthy().leader.name == leader.name)

            // A server without its WAL ends as soon as it is started.
            kill(agent, SIGSTOP)
            for process in leader.postgresProcesses { kill(process, SIGKILL) }
            #expect(rename("\(leader.dataDirectory)/pg_wal", "\(leader.folder)/pg_wal.kept") == 0)
            #expect(mkdir("\(leader.dataDirectory)/pg_wal", 0o777) == 0)
            #expect(chmod("\(leader.dataDirectory)/pg_wal", 0o777) == 0)
            kill(agent, SIGCONT)
            try await eventually(within: .seconds(20), "another leader", { try await cluster.lock()["leader"] }) {
                $0 != nil && $0 != leader.name
            }
            #expect(leader.hasSaid("removed leader key after trying and failing to start postgres", since: offset))
            #expect(try await cluster.healthy(of: 2, ignoring: leader).timeline == second.timeline + 1)

            try await eventually(within: .seconds(10), "the WAL is back") {
                // A start that is under way may hold a file there.
                _ = rmdir("\(leader.dataDirectory)/pg_wal/archive_status")
                _ = rmdir("\(leader.dataDirectory)/pg_wal")
                return rename("\(leader.folder)/pg_wal.kept", "\(leader.dataDirectory)/pg_wal") == 0
            }
            try await cluster.healthy()
        }
    }

    @Test func `a leader whose server freezes again after each restart lets a standby lead`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let leader = before.leader
            let offset = leader.logEnd
            var frozen: pid_t?
            try await eventually(within: .seconds(40), "another leader", { try await cluster.lock()["leader"] }) {
                if let postmaster = leader.postmaster, postmaster != frozen, $0 == leader.name {
                    kill(postmaster, SIGSTOP)
                    frozen = postmaster
                }
                return $0 == before.standbys[0].name
            }
            // The lock may have moved between the look at it and the freezing: then the server of a standby stands still.
            if let frozen { kill(frozen, SIGCONT) }
            #expect(leader.hasSaid("stopped PostgreSQL because restarting it in place does not help", since: offset))
            #expect(!leader.hasSaid("lock deadline passed", since: offset))
            #expect(try await cluster.healthy().timeline == before.timeline + 1)
        }
    }

    @Test func `a leader that nobody can replace goes on trying to start`() async throws {
        try await with(1, configuration: Self.settings(["primary_start_timeout": 0])) { cluster in
            let member = cluster.members[0]
            try member.start()
            let before = try await cluster.healthy()
            kill(try #require(member.postmaster), SIGKILL)
            let after = try await cluster.healthy()
            #expect(after.timeline == before.timeline)
            #expect(!member.hasSaid("stopped PostgreSQL to fail over"))
        }
    }

    @Test func `an elected member that cannot be promoted lets another one lead`() async throws {
        try await with(3) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let elected = before.standbys[0]
            let other = before.standbys[1]
            let offset = elected.logEnd
            // It receives into the file it has; a promotion needs a new one.
            let wal = "\(elected.dataDirectory)/pg_wal"
            #expect(chmod(wal, 0o500) == 0)
            defer { chmod(wal, 0o700) }
            let agent = try #require(other.agentProcess)
            kill(agent, SIGSTOP)
            do {
                defer { kill(agent, SIGCONT) }
                try await before.leader.destroy()
                try await eventually(within: .seconds(30), "\(elected.name) is elected") {
                    elected.hasSaid("took the leader lock", since: offset)
                }
            }
            let after = try await cluster.healthy(of: 1, ignoring: elected)
            #expect(after.leader.name == other.name)
            #expect(elected.hasSaid("removed leader key after trying and failing to start postgres", since: offset))
            #expect(chmod(wal, 0o700) == 0)
            #expect(try await cluster.healthy(of: 2).leader.name == other.name)
        }
    }

    /// One election after the other could each lose as much as the bound on lag allows, if each moved what it counts from.
    @Test func `an elected member that is never promoted leaves the position that lag is counted from`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let elected = before.standbys[0]
            kill(try #require(before.leader.agentProcess), SIGSTOP)
            let published = try #require(try await cluster.lock()["optime"].flatMap(UInt64.init)) + 500_000
            try await cluster.annotate(.lock, ["optime": .string(String(published))])
            let wal = "\(elected.dataDirectory)/pg_wal"
            #expect(chmod(wal, 0o500) == 0)
            defer { chmod(wal, 0o700) }
            try await before.leader.destroy()
            let lock = try await eventually(
                within: .seconds(30), "\(elected.name) renews the lock it took", { try await cluster.lock() }
            ) {
                $0["leader"] == elected.name && $0["renewTime"] != $0["acquireTime"]
            }
            #expect(lock["optime"] == String(published))
            #expect(chmod(wal, 0o700) == 0)
            try await cluster.healthy(of: 1)
            try await eventually(within: .seconds(10), "the primary tells its own", { try await cluster.lock() }) {
                $0["optime"] != String(published)
            }
        }
    }

    /// A switchover whose fast stop waits for a client's process that is frozen; in the end the same member leads, on the
    /// same timeline.
    ///
    /// - Parameters:
    ///   - seconds: until the stop is cut short.
    ///   - body: gets the leadership before, where the leader's log ended then, and that process.
    private func withHangingStop(
        cutShortAfter seconds: Int64, _ body: (Leadership, Int, pid_t) async throws -> Void
    ) async throws {
        try await with(2, configuration: Self.settings(["primary_stop_timeout": .int(seconds)])) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let client = try await before.leader.open()
            let answer = try await client.query("SELECT pg_backend_pid()", deadline: .seconds(5))
            let backend = try #require(answer.scalar.flatMap { pid_t($0) })
            kill(backend, SIGSTOP)
            defer { kill(backend, SIGCONT) }
            let offset = before.leader.logEnd
            try await cluster.annotate(.failover, ["leader": .string(before.leader.name)])
            try await body(before, offset, backend)
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name)
            #expect(after.timeline == before.timeline)
        }
    }

    @Test func `a stop that hangs ends after its time and costs no leadership`() async throws {
        try await withHangingStop(cutShortAfter: 2) { before, offset, _ in
            try await eventually(within: .seconds(15), "the stop is cut short") {
                before.leader.hasSaid("the fast stop did not end in time", since: offset)
            }
            try await eventually(within: .seconds(20), "the switchover is given up") {
                before.leader.hasSaid("switchover failed: the server did not shut down in order", since: offset)
            }
        }
    }

    @Test func `a stop whose last record does not reach the heir costs no leadership`() async throws {
        try await withHangingStop(cutShortAfter: 3) { before, offset, backend in
            // The heir was chosen because it receives; from here on it does so no more.
            try await eventually(within: .seconds(15), "the stop has begun") {
                before.leader.hasSaid("received fast shutdown request", since: offset)
            }
            let receivers = before.standbys[0].postgresProcesses(titled: "walreceiver")
            #expect(receivers.count == 1)
            for process in receivers { kill(process, SIGSTOP) }
            defer { for process in receivers { kill(process, SIGCONT) } }
            kill(backend, SIGCONT)
            // The walsender waits for its standby after the shutdown checkpoint.
            try await eventually(within: .seconds(15), "the stop is cut short") {
                before.leader.hasSaid("the fast stop did not end in time", since: offset)
            }
            // All that was written is in order, but the heir cannot have it.
            try await eventually(within: .seconds(20), "the switchover is given up") {
                before.leader.hasSaid("did not receive the shutdown checkpoint", since: offset)
            }
        }
    }
}
