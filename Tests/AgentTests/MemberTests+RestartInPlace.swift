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
            let former = try JSONValue(parsing: try #require(try await cluster.annotations(.configuration)["config"]))
            var wanted = former
            wanted["postgresql"] = ["parameters": ["shared_buffers": "24MB", "max_connections": 30]]
            try await cluster.annotate(.configuration, ["config": .string(wanted.serialized())])
            for member in cluster.members {
                try await eventually(within: .seconds(60), "\(member.name) says that a restart is pending") {
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
                try await cluster.annotate(.configuration, ["matriarch.dev/restart": .string(order.serialized())])
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
            try await cluster.annotate(.configuration, ["matriarch.dev/restart": .string(pending.serialized())])
            try await eventually(within: .seconds(15), "\(replica.name) skips") {
                try await cluster.memberStatus(replica)["restart"]?["outcome"] == "skipped"
            }
            try await cluster.annotate(
                .configuration, ["matriarch.dev/restart": .null, "config": .string(former.serialized())])
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
            try await cluster.annotate(.configuration, ["matriarch.dev/restart": .string(order.serialized())])
            let leader = try await eventually(within: .seconds(30), "another leads") {
                try await cluster.lock()["leader"]
            } until: {
                $0 != nil && $0 != old.name
            }
            try await eventually(within: .seconds(15), "the failure is told") {
                try await cluster.memberStatus(old)["restart"]?["outcome"] == "failed"
            }
            try await cluster.annotate(.configuration, ["matriarch.dev/restart": .null])
            truncate(broken, 0)
            #expect(try await cluster.healthy().leader.name == leader)
        }
    }

    @Test func `a standby that is being restarted when its leader dies takes over as soon as the lock has run out`()
        async throws
    {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let standby = before.standbys[0]
            let offset = standby.logEnd
            // It finds nobody to stream from when it is back; the agent and the lock live on for the moment.
            for process in before.leader.postgresProcesses { kill(process, SIGSTOP) }
            let order: JSONValue = ["id": "restart", "member": .string(standby.name)]
            try await cluster.annotate(.configuration, ["matriarch.dev/restart": .string(order.serialized())])
            try await eventually(within: .seconds(10), "it is being restarted") {
                standby.hasSaid("restarting the standby", since: offset)
            }
            try await before.leader.destroy()
            let began = ContinuousClock.now
            try await eventually(within: .seconds(60), "it leads", { try await cluster.lock()["leader"] }) {
                $0 == standby.name
            }
            #expect(ContinuousClock.now - began < .seconds(20))
            try before.leader.start()
            try await cluster.healthy()
        }
    }

    @Test func `a leader that is restarted and does not come up within primary_start_timeout lets the lock go`()
        async throws
    {
        var configuration = Self.configuration
        configuration["primary_start_timeout"] = 3
        try await with(2, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let old = try await cluster.healthy().leader
            let former = try #require(old.postmaster)
            let order: JSONValue = ["id": "slow", "member": .string(old.name)]
            try await cluster.annotate(.configuration, ["matriarch.dev/restart": .string(order.serialized())])
            // At once: the next server comes up within a fraction of a second.
            let deadline = ContinuousClock.now + .seconds(20)
            var isFrozen = false
            while !isFrozen, ContinuousClock.now < deadline {
                let processes = old.postgresProcesses
                isFrozen = !processes.isEmpty && !processes.contains(former)
                if isFrozen { for process in processes { kill(process, SIGSTOP) } }
                // The pace of looking.
                try await Task.sleep(for: .milliseconds(2))
            }
            try #require(isFrozen)
            try await eventually(within: .seconds(30), "another leads", { try await cluster.lock()["leader"] }) {
                $0 != nil && $0 != old.name
            }
            #expect(old.hasSaid("primary_start_timeout"))
            try await cluster.annotate(.configuration, ["matriarch.dev/restart": .null])
            try await cluster.healthy()
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
