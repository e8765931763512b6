import Glibc
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// What somebody does to PostgreSQL without asking its agent.
extension MemberTests {
    @Test func `a primary restarted by hand in a paused cluster keeps the lock, and leads on after the resume`()
        async throws
    {
        try await withThree { cluster, before in
            let leader = before.leader
            try await RowWriter.prepare(on: leader)
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(20)
            try await cluster.setPaused(true)
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            let first = try #require(leader.postmaster)
            try leader.pgCtl("--mode=fast restart")
            let second = try #require(leader.postmaster)
            #expect(second != first)
            // Longer than the lock would last if nobody saw the new server.
            try await holds(for: .seconds(8), "the lock is held and the server runs") {
                try await cluster.lock()["leader"] == leader.name && leader.postmaster == second
            }
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
            try await writer.more(20)

            // Stopped, and started again a while later: nobody leads meanwhile.
            try leader.pgCtl("--mode=fast stop")
            try await eventually(within: .seconds(15), "it lets the lock go", { try await cluster.lock() }) {
                $0["leader"] == nil
            }
            try leader.pgCtl("start")
            try await eventually(within: .seconds(15), "it takes the lock again", { try await cluster.lock() }) {
                $0["leader"] == leader.name
            }
            let third = try #require(leader.postmaster)
            try await writer.more(20)

            try await cluster.setPaused(false)
            try await writer.more(20)
            let after = try await cluster.healthy()
            await writer.stop()
            #expect(after.leader.name == leader.name)
            #expect(after.timeline == before.timeline)
            #expect(leader.postmaster == third)
            #expect(try await writer.lost(on: after.leader) == [])
        }
    }

    @Test func `a leader whose name somebody takes off its lock leads on, and writes it back`() async throws {
        try await withThree { cluster, before in
            let leader = before.leader
            try await RowWriter.prepare(on: leader)
            let writer = RowWriter(to: [leader])
            await writer.start()
            try await writer.more(20)
            let former = try await cluster.lock()
            let postmaster = try #require(leader.postmaster)
            for _ in 0..<3 {
                try await cluster.annotate(.lock, ["leader": .null])
                try await eventually(within: .seconds(5), "its name is back", { try await cluster.lock() }) {
                    $0["leader"] == leader.name
                }
            }
            try await writer.more(20)
            await writer.stop()
            #expect(await writer.failures == [])
            let lock = try await cluster.lock()
            #expect(lock["matriarch.dev/epoch"] == former["matriarch.dev/epoch"])
            #expect(lock["transitions"] == former["transitions"] && lock["acquireTime"] == former["acquireTime"])
            let after = try await cluster.healthy()
            #expect(after.leader.name == leader.name && after.timeline == before.timeline)
            #expect(leader.postmaster == postmaster)
        }
    }

    @Test func `a member that is started while the cluster is paused becomes a replica of its leader`() async throws {
        try await with(2) { cluster in
            let (leader, newcomer) = (cluster.members[0], cluster.members[1])
            try leader.start()
            let before = try await cluster.healthy(of: 1)
            try await RowWriter.prepare(on: leader)
            try await leader.query("INSERT INTO written VALUES (1)")
            try await cluster.setPaused(true)
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            try newcomer.start()
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name && after.timeline == before.timeline)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
            try await eventually(within: .seconds(10), "it has the leader's row") {
                try await newcomer.query("SELECT count(*) FROM written").scalar == "1"
            }
            #expect(try await cluster.memberStatus(newcomer)["pause"] == true)
        }
    }
}
