import KubernetesModels
import TestSupport
import Testing

extension MemberTests {
    @Test(arguments: ["on", "quorum"])
    func `a restart in a synchronous mode loses no acknowledged row, whoever is restarted, and moves nothing`(
        mode: String
    ) async throws {
        let count = mode == "on" ? 1 : 2
        try await synchronous(mode: .string(mode), expecting: count) { cluster, before in
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            let electable = try await cluster.synchronousStandbys(count)
            // The one commits wait for comes first: they must go on without it.
            let standbys = before.standbys.sorted { electable.contains($0.name) && !electable.contains($1.name) }
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(50)
            for member in standbys + [before.leader] {
                let postmaster = try #require(member.postmaster)
                let order: JSONValue = ["id": .string("restart-\(member.name)"), "member": .string(member.name)]
                try await cluster.annotate(.configuration, ["matriarch.dev/restart": .string(order.serialized())])
                let answer = try await eventually(within: .seconds(30), "\(member.name) answers") {
                    try await cluster.memberStatus(member)
                } until: {
                    $0["restart"]?["id"] == order["id"] && $0["state"] == "running"
                }
                #expect(answer["restart"]?["outcome"] == "succeeded", "\(answer)")
                #expect(member.postmaster != postmaster)
                try await cluster.healthy()
                try await cluster.synchronousStandbys(count)
                try await writer.more(20)
            }
            await writer.stop()
            try await cluster.annotate(.configuration, ["matriarch.dev/restart": .null])
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name)
            #expect(after.timeline == before.timeline)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
            #expect(await writer.longestGap < .seconds(5))
            #expect(try await writer.lost(on: after.leader) == [])
        }
    }
}
