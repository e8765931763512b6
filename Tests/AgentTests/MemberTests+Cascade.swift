import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// Standbys that stream, or are copied, from standbys.
extension MemberTests {
    @Test func `a cascading standby streams from its member over a slot there, and from the leader when that one dies`()
        async throws
    {
        var configuration = Self.configuration
        configuration["synchronous_mode"] = "quorum"
        try await with(3, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            try await cluster.synchronousStandbys(2)
            let (leader, middle, end) = (before.leader, before.standbys[0], before.standbys[1])
            try cluster.writeTags([end.name: ["replicatefrom": .string(middle.name)]])
            try await cluster.streams(end, from: middle)
            try await eventually(within: .seconds(10), "the leader keeps one slot", { try await leader.slots() }) {
                $0 == [middle.slot]
            }
            #expect(try await middle.slots() == [end.slot])
            // What a cascading standby confirms the primary does not hear.
            try await cluster.waitsFor(middle)
            try await RowWriter.prepare(on: leader)
            try await leader.query("INSERT INTO written VALUES (1)")
            try await end.sees(rows: 1)

            try await middle.destroy()
            try await cluster.streams(end, from: leader)
            try await cluster.waitsFor(end)
            try await leader.query("INSERT INTO written VALUES (2)")
            try await end.sees(rows: 2)

            try middle.start()
            try await cluster.streams(end, from: middle, within: .seconds(60))
            try await leader.destroy()
            let after = try await cluster.healthy(of: 2)
            #expect(try await after.leader.query("SELECT count(*) FROM written").scalar == "2")

            try leader.start()
            let healed = try await cluster.healthy()
            let quiet = healed.standbys[0]
            try cluster.writeTags([quiet.name: ["nostream": true]])
            try await eventually(within: .seconds(20), "nobody streams to \(quiet.name), nor keeps a slot for it") {
                let rows = try await quiet.query("SELECT count(*) FROM pg_stat_wal_receiver").scalar
                let slots = try await healed.leader.slots()
                return rows == "0" && !slots.contains(quiet.slot)
            }
        }
    }

    @Test func `a new member is copied from the standby tagged clonefrom, and noloadbalance takes a member's label`()
        async throws
    {
        try await with(3) { cluster in
            for member in cluster.members.prefix(2) { try member.start() }
            let before = try await cluster.healthy(of: 2)
            let (leader, source, new) = (before.leader, before.standbys[0], cluster.members[2])
            try cluster.writeTags([source.name: ["clonefrom": true, "noloadbalance": true]])
            try await eventually(within: .seconds(10), "\(source.name) has published its tags") {
                let pod = try await cluster.pod(source)
                return pod.value(at: "metadata", "annotations", "status")?.stringValue?.contains("clonefrom") == true
                    && pod.value(at: "metadata", "labels", "matriarch.dev/load-balanced") == nil
            }
            try new.start()
            try await cluster.healthy()
            let copies = new.log().filter { $0.serialized().contains("copied the data directory") }
            #expect(copies.count == 1)
            #expect(copies.allSatisfy { $0.serialized().contains(#""from":"\#(source.name)""#) }, "\(copies)")
            try await cluster.streams(new, from: leader)
            try await eventually(within: .seconds(10), "\(new.name) may be read from, \(source.name) may not") {
                let labels = (
                    try await cluster.pod(new).value(at: "metadata", "labels"),
                    try await cluster.pod(source).value(at: "metadata", "labels")
                )
                return labels.0?["matriarch.dev/load-balanced"] == "true" && labels.1?["role"] == "replica"
                    && labels.1?["matriarch.dev/load-balanced"] == nil
            }
        }
    }
}

extension MemberCluster {
    fileprivate func pod(_ member: MemberProcess) async throws -> JSONValue {
        try await client.getRaw(Pod.resource, name: member.name, namespace: namespace, deadline: .seconds(3))
    }

    fileprivate func waitsFor(_ standby: MemberProcess) async throws {
        try await eventually(
            within: .seconds(20), "\(standby.name) is the only synchronous standby",
            { try await annotations(.synchronization)["sync_standby"] }, until: { $0 == standby.name })
    }

    /// Waits until `upstream`, and nobody else, sends to `standby`.
    fileprivate func streams(
        _ standby: MemberProcess, from upstream: MemberProcess, within limit: Duration = .seconds(30)
    ) async throws {
        try await eventually(
            within: limit, "\(standby.name) streams from \(upstream.name) alone",
            {
                var senders: [String: String] = [:]
                for member in members where member.isRunning {
                    senders[member.name] =
                        try await member.query(
                            "SELECT string_agg(application_name, ',') FROM pg_stat_replication WHERE state = 'streaming'"
                        ).scalar ?? ""
                }
                return senders
            },
            until: { senders in
                senders.allSatisfy {
                    $0.value.split(separator: ",").contains(Substring(standby.name)) == ($0.key == upstream.name)
                }
            })
    }
}

extension MemberProcess {
    fileprivate func sees(rows: Int) async throws {
        try await eventually(
            within: .seconds(10), "\(name) has \(rows) rows",
            { try await query("SELECT count(*) FROM written").scalar }, until: { $0 == "\(rows)" })
    }
}
