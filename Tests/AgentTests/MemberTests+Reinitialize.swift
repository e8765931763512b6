import Glibc
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    private func order(_ id: String, _ member: MemberProcess, force: Bool = false) -> JSONValue {
        let order: JSONValue = ["id": .string(id), "member": .string(member.name), "force": .bool(force)]
        return ["matriarch.dev/reinitialize": .string(order.serialized())]
    }

    private func answer(
        _ cluster: MemberCluster, _ member: MemberProcess, _ outcome: String, within limit: Duration = .seconds(60)
    ) async throws -> String {
        let status = try await eventually(within: limit, "\(member.name) answers: \(outcome)") {
            try await cluster.memberStatus(member)
        } until: {
            $0["reinitialize"]?["outcome"]?.stringValue == outcome
        }
        return status["reinitialize"]?["reason"]?.stringValue ?? ""
    }

    @Test func `a replica is made anew as it is asked, keeps its old data, and the leader is not touched`() async throws
    {
        try await withThree { cluster, before in
            let (leader, replica) = (before.leader, before.standbys[0])
            let postmaster = try #require(leader.postmaster)
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            try await RowWriter.prepare(on: leader)
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(20)

            try await cluster.annotate(.configuration, order("leader", leader))
            #expect(try await answer(cluster, leader, "refused") == "I am the leader, can not reinitialize")

            // What is wrong with it nobody sees; it goes with the old data.
            let mark = "\(replica.dataDirectory)/broken"
            let file = try #require(fopen(mark, "w"))
            fclose(file)
            let offset = replica.logEnd
            try await cluster.annotate(.configuration, order("replica", replica))
            _ = try await answer(cluster, replica, "succeeded")
            #expect(access(mark, F_OK) != 0)
            let kept = replica.keptData("reinitialize")
            #expect(kept.count == 1 && kept[0].contains("reinitialize-replica"), "\(kept)")
            #expect(access("\(kept.first ?? "")/broken", F_OK) == 0)
            try await writer.more(20)
            let written = "SELECT count(*) FROM written"
            let rows = try #require(Int(try await leader.query(written).scalar ?? ""))
            try await eventually("the copy has what is written now") {
                Int(try await replica.query(written).scalar ?? "") ?? 0 >= rows
            }
            #expect(replica.hasSaid("copying from \(leader.name)", since: offset))

            // The same order again, to the agent's next life: it was carried out.
            replica.terminate()
            try await eventually(within: .seconds(20), "it has ended") { !replica.isRunning }
            try replica.start()
            try await cluster.healthy()
            #expect(replica.keptData("reinitialize") == kept)

            try await cluster.annotate(.configuration, ["matriarch.dev/reinitialize": .null])
            try await eventually(within: .seconds(15), "the answer is forgotten with the order") {
                try await cluster.memberStatus(replica)["reinitialize"] == nil
            }
            await writer.stop()
            let after = try await cluster.healthy()
            #expect(after.leader.name == leader.name && leader.postmaster == postmaster)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
            #expect(leader.keptData("reinitialize").isEmpty)
            #expect(try await writer.lost(on: after.leader) == [])
        }
    }

    @Test func `a copy that an agent's death broke off is made by its next life, once, while the cluster is paused`()
        async throws
    {
        var configuration = Self.configuration
        configuration["pause"] = true
        configuration["member_slots_ttl"] = 4
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let replica = before.standbys[0]
            try await cluster.annotate(.configuration, ["config": .string(configuration.serialized())])
            replica.terminate()
            try await eventually(within: .seconds(20), "it has ended") { !replica.isRunning }
            // A copy that takes as long as somebody needs to kill it.
            let slow = try replica.replaceProgram("pg_basebackup", by: "sleep 300")
            try replica.start(environment: slow)
            try await cluster.annotate(.configuration, order("killed", replica))
            _ = try await eventually(within: .seconds(30), "its old data is out of the way") {
                replica.keptData("reinitialize")
            } until: {
                $0.count == 1
            }
            _ = try await eventually("it says so") {
                try await answer(cluster, replica, "running")
            } until: {
                $0.contains("the old data is kept as")
            }
            try await eventually(within: .seconds(20), "it tells that it is at work") {
                try await cluster.memberStatus(replica)["work"]?.int64Value ?? 0 >= 2
            }
            replica.killEverything()
            try await eventually(within: .seconds(20), "it has ended") { !replica.isRunning }
            try replica.start()
            _ = try await answer(cluster, replica, "succeeded")
            #expect(replica.keptData("reinitialize").count == 1)
            try await cluster.healthy()
        }
    }

    @Test func `data of another cluster is replaced when somebody names its member, and kept`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let replica = before.standbys[0]
            replica.terminate()
            try await eventually(within: .seconds(20), "it has ended") { !replica.isRunning }
            try replica.removeData()
            try replica.createForeignData()
            try replica.start()
            try await eventually(within: .seconds(20), "it is refused") { replica.hasSaid("system ID mismatch") }
            try await cluster.annotate(.configuration, order("foreign", replica))
            _ = try await answer(cluster, replica, "succeeded")
            #expect(replica.keptData("reinitialize").count == 1)
            try await cluster.healthy()
        }
    }

    @Test func `the standby that strict commits wait for is copied anew only by force, and no row is lost`()
        async throws
    {
        var configuration = Self.configuration
        configuration["synchronous_mode"] = true
        configuration["synchronous_mode_strict"] = true
        try await with(2, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            try await cluster.synchronousStandbys(1)
            let replica = before.standbys[0]
            try await RowWriter.prepare(on: before.leader)
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(20)
            try await cluster.annotate(.configuration, order("asked", replica))
            #expect(try await answer(cluster, replica, "refused").contains("commits would wait"))
            #expect(replica.keptData("reinitialize").isEmpty)
            try await writer.more(20)
            try await cluster.annotate(.configuration, order("forced", replica, force: true))
            _ = try await answer(cluster, replica, "succeeded")
            try await cluster.synchronousStandbys(1)
            try await writer.more(20)
            await writer.stop()
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name)
            #expect(try await writer.lost(on: after.leader) == [])
        }
    }
}
