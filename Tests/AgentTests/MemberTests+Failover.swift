import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `a leader that dies is replaced after ttl, and comes back as a standby without its own rows`()
        async throws
    {
        try await withThree { cluster, before in
            let old = before.leader
            try await RowWriter.prepare(on: old)
            try await old.query("INSERT INTO written VALUES (1)")
            try await cluster.healthy()
            for standby in before.standbys {
                try await eventually("\(standby.name) has the row") {
                    try await standby.query("SELECT count(*) FROM written").scalar == "1"
                }
            }
            // From here on the leader sends nothing: what it writes now it has alone.
            for process in old.postgresProcesses(titled: "walsender") { kill(process, SIGSTOP) }
            try await old.query("INSERT INTO written VALUES (2), (3)")
            let postmasters = before.standbys.map(\.postmaster)
            #expect(!postmasters.contains(nil))
            let killed = ContinuousClock.now
            try await old.destroy()
            let after = try await cluster.healthy(of: 2)
            let elapsed = ContinuousClock.now - killed
            #expect(after.leader.name != old.name)
            #expect(after.timeline == before.timeline + 1)
            // Nobody may take a lock that could still be renewed.
            #expect(elapsed > .seconds(4))
            #expect(elapsed < .seconds(20))
            // Neither who was elected nor who follows it was restarted for it.
            #expect(before.standbys.map(\.postmaster) == postmasters)

            let offset = old.logEnd
            try old.start()
            let healed = try await cluster.healthy()
            #expect(healed.leader.name == after.leader.name)
            #expect(healed.timeline == after.timeline)
            #expect(try await old.query("SELECT string_agg(number::text, ',') FROM written").scalar == "1")
            #expect(old.hasSaid("has left \(after.leader.name)'s course", since: offset))
            #expect(!old.hasSaid("cloning anew", since: offset))
        }
    }

    @Test func `a leader whose agent is frozen loses its PostgreSQL before another is promoted`() async throws {
        try await withThree { cluster, before in
            let old = before.leader
            try await RowWriter.prepare(on: old)
            let writer = RowWriter(to: [old])
            await writer.start()
            try await writer.more(20)
            let agent = try #require(old.agentProcess)
            kill(agent, SIGSTOP)
            // Looks at the lock first and at the processes after it: those it sees lived when another held the lock.
            var survivors: [pid_t] = []
            var takenAt = ContinuousClock.now
            try await eventually(within: .seconds(30), "another member takes the lock") {
                let leader = try await cluster.lock()["leader"]
                guard let leader, leader != old.name else { return false }
                takenAt = .now
                survivors = old.postgresProcesses
                return true
            }
            #expect(survivors == [])
            let last = try #require(await writer.acknowledged.last)
            #expect(last.at < takenAt)
            let after = try await cluster.healthy(of: 2, ignoring: old)
            #expect(after.timeline == before.timeline + 1)
            #expect(old.hasSaid("lock deadline passed: PostgreSQL killed"))
            // Clients are led away from it, and not back for a moment when it wakes up and knows of nothing yet.
            let route = try #require(try await cluster.route())
            #expect(route.members == [after.leader.name])
            let pods = try await cluster.client.list(Pod.self, namespace: cluster.namespace)
            let changes = cluster.client.watch(
                Pod.self, namespace: cluster.namespace, resourceVersion: pods.resourceVersion, timeout: .seconds(30))
            kill(agent, SIGCONT)
            for try await change in changes {
                guard case .modified(let pod) = change, pod.metadata.name == old.name else { continue }
                if pod.metadata.labels?["role"] == "replica" { break }
            }
            let healed = try await cluster.healthy()
            // Not one write since.
            #expect(try await cluster.route() == route)
            await writer.stop()
            #expect(healed.leader.name == after.leader.name)
            #expect(old.agentProcess == agent)
            #expect(await writer.acknowledged.last?.number == last.number)
        }
    }

    @Test func `a rewind that is broken off, or does not reach the leader, is tried again and copies nothing`()
        async throws
    {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let old = before.leader
            try await RowWriter.prepare(on: old)
            try await cluster.healthy()
            // From here on the leader sends nothing: what it writes now it has alone.
            for process in old.postgresProcesses(titled: "walsender") { kill(process, SIGSTOP) }
            try await old.query("INSERT INTO written VALUES (1), (2)")
            try await old.destroy()
            let after = try await cluster.healthy(of: 1, ignoring: old)

            let count = "\(old.folder)/rewinds"
            let variables = try old.replaceProgram(
                "pg_rewind",
                by: """
                    number=$(cat \(count) 2>/dev/null | wc -l)
                    echo rewind >> \(count)
                    case $number in
                    0) exec sleep 600 ;;
                    1) echo 'pg_rewind: error: connection to server failed' >&2; exit 1 ;;
                    *) exec "$program" "$@" ;;
                    esac
                    """)
            try old.start(environment: variables)
            try await eventually(within: .seconds(30), "it rewinds") { access(count, F_OK) == 0 }
            old.terminate()
            try await eventually(within: .seconds(15), "it ends") { !old.isRunning }
            #expect(try old.keptData == [])

            let offset = old.logEnd
            try old.start(environment: variables)
            let healed = try await cluster.healthy()
            #expect(healed.leader.name == after.leader.name)
            #expect(old.hasSaid("pg_rewind: error: connection to server failed", since: offset))
            #expect(!old.hasSaid("cloning anew"))
            #expect(try old.keptData == [])
            #expect(try await old.query("SELECT count(*) FROM written").scalar == "0")
        }
    }

    @Test func `a rewind that fails each time ends in a copy`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let old = before.leader
            try await RowWriter.prepare(on: old)
            try await cluster.healthy()
            for process in old.postgresProcesses(titled: "walsender") { kill(process, SIGSTOP) }
            try await old.query("INSERT INTO written VALUES (1), (2)")
            try await old.destroy()
            try await cluster.healthy(of: 1, ignoring: old)
            let variables = try old.replaceProgram(
                "pg_rewind", by: "echo 'pg_rewind: fatal: could not find previous WAL record' >&2; exit 1")
            try old.start(environment: variables)
            try await cluster.healthy()
            #expect(old.hasSaid("cloning anew"))
            #expect(try old.keptData.count == 1)
            #expect(try await old.query("SELECT count(*) FROM written").scalar == "0")
        }
    }
}
