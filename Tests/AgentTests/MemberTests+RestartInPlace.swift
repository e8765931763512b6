import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `a replica and then the leader restart in place: same leader, same epoch, pending settings applied`()
        async throws
    {
        try await withThree { cluster, before in
            let former = try JSONValue(parsing: try #require(try await cluster.annotations("-config")["config"]))
            var wanted = former
            wanted["postgresql"] = ["parameters": ["shared_buffers": "24MB", "max_connections": 30]]
            try await cluster.annotate("-config", ["config": .string(wanted.serialized())])
            for member in cluster.members {
                try await eventually(within: .seconds(15), "\(member.name) says that a restart is pending") {
                    try await cluster.memberStatus(member)["pending_restart"] == true
                }
            }
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            let replica = try #require(before.standbys.first)
            try await RowWriter.prepare(on: before.leader)
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(20)
            for member in before.standbys + [before.leader] {
                let postmaster = try #require(member.postmaster)
                let started = try await cluster.memberStatus(member)["postmaster_start_time"]
                #expect(started?.stringValue?.isEmpty == false)
                let order: JSONValue = [
                    "id": "restart", "member": .string(member.name), "restart_pending": true,
                    "postmaster_start_time": started ?? .null,
                ]
                try await cluster.annotate("-config", ["matriarch.dev/restart": .string(order.serialized())])
                let answer = try await eventually(within: .seconds(30), "\(member.name) answers") {
                    try await cluster.memberStatus(member)
                } until: {
                    $0["restart"]?["id"] == "restart" && $0["state"] == "running" && $0["pending_restart"] == nil
                }
                #expect(answer["restart"]?["outcome"] == "succeeded", "\(answer)")
                #expect(member.postmaster != postmaster)
                #expect(try await member.query("SHOW shared_buffers").scalar == "24MB")
            }
            try await writer.more(20)
            await writer.stop()
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name)
            #expect(after.timeline == before.timeline)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
            #expect(await writer.longestGap < .seconds(5))
            #expect(try await writer.lost(on: after.leader) == [])
            // The order lies there still, and nobody carries it out again.
            let postmaster = before.leader.postmaster
            try await holds(for: .seconds(3), "no second restart") { before.leader.postmaster == postmaster }
            // An order with conditions that do not hold changes nothing.
            let pending: JSONValue = ["id": "second", "member": .string(replica.name), "restart_pending": true]
            try await cluster.annotate("-config", ["matriarch.dev/restart": .string(pending.serialized())])
            try await eventually(within: .seconds(15), "\(replica.name) skips") {
                try await cluster.memberStatus(replica)["restart"]?["outcome"] == "skipped"
            }
            try await cluster.annotate(
                "-config", ["matriarch.dev/restart": .null, "config": .string(former.serialized())])
            try await eventually(within: .seconds(15), "the answer is forgotten with the order") {
                try await cluster.memberStatus(replica)["restart"] == nil
            }
        }
    }

    @Test func `a leader that does not come up again after a restart lets the lock go, and a standby takes over`()
        async throws
    {
        try await withThree { cluster, before in
            let old = before.leader
            // Settings that only a start reads.
            let broken = "\(old.dataDirectory)/postgresql.auto.conf"
            let file = try #require(fopen(broken, "a"))
            fputs("autovacuum_max_workers = 'nonsense'\n", file)
            fclose(file)
            let order: JSONValue = ["id": "broken", "member": .string(old.name)]
            try await cluster.annotate("-config", ["matriarch.dev/restart": .string(order.serialized())])
            let leader = try await eventually(within: .seconds(30), "another leads") {
                try await cluster.lock()["leader"]
            } until: {
                $0 != nil && $0 != old.name
            }
            try await eventually(within: .seconds(15), "the failure is told") {
                try await cluster.memberStatus(old)["restart"]?["outcome"] == "failed"
            }
            try await cluster.annotate("-config", ["matriarch.dev/restart": .null])
            truncate(broken, 0)
            #expect(try await cluster.healthy().leader.name == leader)
        }
    }
}

extension MemberCluster {
    /// What a member says of itself.
    func memberStatus(_ member: MemberProcess) async throws -> JSONValue {
        let pod = try await client.getRaw(Pod.resource, name: member.name, namespace: namespace)
        return try JSONValue(parsing: pod.value(at: "metadata", "annotations", "status")?.stringValue ?? "null")
    }
}
