import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// How many members a server has room for.
extension MemberTests {
    @Test(.timeLimit(.minutes(10)))
    func `twelve members are copied at once, all stream, and a switchover keeps them streaming`() async throws {
        try await with(12, configuration: Self.configuration(instances: 12)) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy(within: .seconds(240))
            #expect(try await before.leader.query("SHOW max_wal_senders").scalar == "36")
            try await allStream(from: before)
            #expect(!before.standbys.contains { $0.hasSaid("source_is_full") })
            // Each found its slot: the server says this of one that is not there.
            #expect(before.standbys.filter { $0.hasSaid("could not start WAL streaming") }.map(\.name) == [])

            let candidate = try #require(before.standbys.last)
            try await cluster.annotate(
                .failover,
                [
                    "leader": .string(before.leader.name), "member": .string(candidate.name),
                    "matriarch.dev/request-id": "twelve",
                ])
            try await eventually(within: .seconds(60), "the switchover has an outcome") {
                try await cluster.result(of: "twelve")["outcome"] == "succeeded"
            }
            let after = try await cluster.healthy(within: .seconds(120))
            #expect(after.leader.name == candidate.name)
            #expect(after.timeline == before.timeline + 1)
            try await allStream(from: after)
        }
    }

    @Test func `a cluster that outgrows its sizes goes on, says what waits, and asks for a restart`() async throws {
        try await withThree { cluster, before in
            let former = try JSONValue(parsing: try #require(try await cluster.annotations(.configuration)["config"]))
            try await cluster.annotate(
                .configuration, ["config": .string(Self.configuration(instances: 12).serialized())])
            for member in cluster.members {
                try await eventually(within: .seconds(60), "\(member.name) asks for a restart") {
                    let reason = try await cluster.memberStatus(member)["pending_restart_reason"]
                    return reason?.value(at: "max_wal_senders", "new_value") == "36"
                        && reason?.value(at: "max_wal_senders", "old_value") == "20"
                }
            }
            try await eventually(within: .seconds(15), "the leader says what its members may wait for") {
                try await cluster.memberStatus(before.leader).serialized()
                    .contains("max_wal_senders is 20, and 12 instances need 25")
            }
            for standby in before.standbys {
                #expect(try await !cluster.memberStatus(standby).serialized().contains("instances need"))
            }
            try await cluster.annotate(.configuration, ["config": .string(former.serialized())])
            for member in cluster.members {
                // The members are shared: what another test has left pending is none of this one's.
                try await eventually(within: .seconds(60), "\(member.name) asks for no other size any more") {
                    let status = try await cluster.memberStatus(member)
                    return status.value(at: "pending_restart_reason", "max_wal_senders") == nil
                        && status.value(at: "pending_restart_reason", "max_replication_slots") == nil
                        && !status.serialized().contains("instances need")
                }
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name && after.timeline == before.timeline)
        }
    }

    private static func configuration(instances: Int) -> JSONValue {
        var configuration = configuration
        var own = configuration["matriarch"] ?? [:]
        own["instances"] = JSONValue(instances)
        configuration["matriarch"] = own
        return configuration
    }

    /// A receiver says "streaming" at once, its sender only once it has caught up: both are waited for.
    private func allStream(from leadership: Leadership) async throws {
        let standbys = Set(leadership.standbys.map(\.name))
        try await eventually(within: .seconds(15), "every standby streams by the leader's own word") {
            let result = try await leadership.leader.query(
                "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'")
            return Set(result.rows.compactMap { $0.first ?? nil }) == standbys
        }
    }
}
