import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// A standby that somebody promotes by hand, beside the leader.
extension MemberTests {
    @Test func `a standby promoted by hand is told, stopped and rewound at once, and nothing else happens`()
        async throws
    {
        try await withThree { cluster, before in
            let (leader, promoted) = (before.leader, try #require(before.standbys.first))
            try await RowWriter.prepare(on: leader)
            let writer = RowWriter(to: [leader], patience: .seconds(5))
            await writer.start()
            try await writer.more(20)
            let (offset, postmaster) = (promoted.logEnd, leader.postmaster)
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            try await promoted.query("SELECT pg_promote(wait => false)")
            let asked = ContinuousClock.now
            try await eventually(within: .seconds(10), "its agent stops it") {
                promoted.hasSaid("demoting self because I do not have the lock", since: offset)
            }
            // `loop_wait` is a second; a promotion takes a part of one, and a neighbour of this machine the rest.
            #expect(ContinuousClock.now - asked < .seconds(5))
            try await eventually(within: .seconds(15), "it says so where people look") {
                try await cluster.problem(of: promoted)
            } until: {
                $0?.hasPrefix("was a primary on timeline \(before.timeline + 1), and the cluster") == true
                    && $0?.contains("in which \(leader.name) holds the lock") == true
            }
            let after = try await cluster.healthy()
            try await writer.more(20)
            await writer.stop()
            #expect(after.leader.name == leader.name && after.timeline == before.timeline)
            #expect(leader.postmaster == postmaster)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
            #expect(await writer.failures == [])
            #expect(promoted.hasSaid("has left \(leader.name)'s course", since: offset))
            #expect(!promoted.hasSaid("cloning anew", since: offset))
            // What it had alone is recorded: the timeline that its promotion began.
            let left = try await cluster.annotations(.configuration)["abandoned.matriarch.dev/\(promoted.name)"]
            #expect(try JSONValue(parsing: left ?? "null")["timeline"]?.intValue == before.timeline + 1)
        }
    }

    @Test func `paused, a second primary made by hand is led to by nothing and told; resumed, it is rewound`()
        async throws
    {
        try await withThree { cluster, before in
            let (leader, promoted) = (before.leader, try #require(before.standbys.first))
            try await RowWriter.prepare(on: leader)
            let writer = RowWriter(to: [leader], patience: .seconds(5))
            await writer.start()
            try await writer.more(20)
            try await cluster.setPaused(true)
            let (offset, postmaster) = (promoted.logEnd, leader.postmaster)
            let (lock, route, kept) = (try await cluster.lock(), try await cluster.route(), try promoted.keptData)
            let history = try await cluster.annotations(.configuration)["history"]
            #expect(try await promoted.query("SELECT pg_promote()").scalar == "t")
            try await promoted.query("INSERT INTO written VALUES (-1)")
            try await eventually(within: .seconds(10), "it says so where people look") {
                try await cluster.problem(of: promoted)
            } until: {
                $0?.hasPrefix("runs as a primary without the lock, which \(leader.name) holds") == true
            }
            #expect(promoted.hasSaid("PAUSE: continue to run as primary without lock", since: offset))
            // Its label goes with its status, and its document comes from the same loop.
            try await holds(for: .seconds(3), "the leader is led to, and nobody else") {
                let pod = try await cluster.client.get(Pod.self, name: promoted.name, namespace: cluster.namespace)
                let codes = [
                    try await promoted.get("/primary").status, try await promoted.get("/replica").status,
                    try await leader.get("/primary").status,
                ]
                let now = try await cluster.lock()
                let isSameReign =
                    now["leader"] == leader.name && now["matriarch.dev/epoch"] == lock["matriarch.dev/epoch"]
                return codes == [503, 503, 200] && pod.metadata.labels?["role"] == nil && isSameReign
            }
            #expect(try await cluster.route() == route)
            #expect(try await cluster.annotations(.configuration)["history"] == history)
            try await writer.more(20)

            try await cluster.setPaused(false)
            let after = try await cluster.healthy()
            await writer.stop()
            #expect(after.leader.name == leader.name && after.timeline == before.timeline)
            #expect(leader.postmaster == postmaster)
            #expect(await writer.failures == [])
            #expect(!promoted.hasSaid("cloning anew", since: offset))
            #expect(try promoted.keptData == kept)
            try await eventually("it has the leader's rows", { try await writer.lost(on: promoted) }) { $0.isEmpty }
            #expect(try await promoted.query("SELECT count(*) FROM written WHERE number < 0").scalar == "0")
            try await eventually("nothing is wrong with it any more") {
                try await cluster.problem(of: promoted) == nil
            }
        }
    }
}
