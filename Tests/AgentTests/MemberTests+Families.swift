import Glibc
import HTTPTransport
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// Addresses of the other family.
extension MemberTests {
    @Test(.timeLimit(.minutes(5)))
    func `a cluster lives in a network without IPv4`() async throws {
        let controlPlane = try await ControlPlane.start(family: .ipv6)
        do {
            let cluster = try await MemberCluster(
                3, on: controlPlane, configuration: Self.configuration,
                isolation: .sandboxes(api: .opaque, family: .ipv6))
            do {
                try await Self.showingLogs(of: cluster) { try await Self.live(cluster) }
            } catch {
                try await cluster.destroy()
                throw error
            }
            try await cluster.destroy()
        } catch {
            try await controlPlane.stop()
            throw error
        }
        try await controlPlane.stop()
    }

    /// Begins, streams, switches over, fails over, and takes the lost member back.
    private static func live(_ cluster: MemberCluster) async throws {
        for member in cluster.members {
            #expect(try await member.sandbox?.ipv4Addresses() == "", "\(member.name) has an address of IPv4")
            #expect(member.address.hasPrefix("fd12:"))
            try member.start()
        }
        let first = try await cluster.healthy(within: .seconds(90))
        let transport = HTTPTransport()
        for member in cluster.members {
            let status = try await cluster.memberStatus(member)
            #expect(status["conn_url"]?.stringValue == "postgres://[\(member.address)]:5432/postgres")
            let url = "http://[\(member.address)]:8008/patroni"
            #expect(status["api_url"]?.stringValue == url)
            let answer = try await transport.send(HTTPRequest(method: .get, url: url), deadline: .seconds(5))
            #expect(answer.status == 200, "\(member.name) answers \(answer.status)")
        }
        for standby in first.standbys {
            let source = try await standby.query("SELECT sender_host FROM pg_stat_wal_receiver").scalar
            #expect(source == first.leader.address, "\(standby.name) streams from \(source ?? "nobody")")
        }
        try await RowWriter.prepare(on: first.leader)
        let writer = RowWriter(to: cluster.members)
        await writer.start()
        try await writer.more(10)

        let candidate = try #require(first.standbys.last)
        try await cluster.annotate(
            .failover,
            [
                "leader": .string(first.leader.name), "member": .string(candidate.name),
                "matriarch.dev/request-id": "over-ipv6",
            ])
        try await writer.more(10) { $0 == candidate.name }
        #expect(try await cluster.result(of: "over-ipv6")["outcome"] == "succeeded")
        let second = try await cluster.healthy()
        #expect(second.leader.name == candidate.name && second.timeline == first.timeline + 1)
        await writer.stop()
        #expect(try await writer.lost(on: second.leader) == [])

        second.leader.killEverything()
        try await eventually(within: .seconds(40), "somebody else leads", { try await cluster.lock()["leader"] }) {
            $0 != nil && $0 != second.leader.name && $0 != ""
        }
        let third = try await cluster.healthy(of: 2)
        #expect(third.timeline == second.timeline + 1)
        try second.leader.start()
        let healed = try await cluster.healthy()
        #expect(healed.leader.name == third.leader.name)
    }
}
