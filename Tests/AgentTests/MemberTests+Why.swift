import ClusterRecords
import KubernetesClient
import KubernetesModels
import TestSupport
import Testing

/// What members tell of their decisions.
extension MemberTests {
    @Test(.timeLimit(.minutes(5)))
    func `a member tells whoever may ask the API server what it decided, and on what`() async throws {
        let cluster = try await MemberCluster(
            3, on: try await SharedMembers.shared.controlPlane(), configuration: Self.configuration,
            isolation: .sandboxes(api: .opaque))
        do {
            try await Self.showingLogs(of: cluster) { try await Self.explain(cluster) }
        } catch {
            try await cluster.destroy()
            throw error
        }
        try await cluster.destroy()
    }

    private static func explain(_ cluster: MemberCluster) async throws {
        for member in cluster.members {
            // What the kubelet would tell: the API server passes a question on to there.
            _ = try await cluster.client.mergePatchRaw(
                Pod.resource, name: member.name, namespace: cluster.namespace,
                body: ["status": ["podIP": .string(member.address), "podIPs": [["ip": .string(member.address)]]]],
                subresource: "status")
            try member.start()
        }
        let before = try await cluster.healthy(within: .seconds(90))
        try await eventually(
            within: .seconds(20), "the leader leads", { try await rows(of: before.leader.name, cluster) }
        ) { $0.last?["Decision"] == "lead" && ($0.last?["Times"]?.intValue ?? 0) > 1 }

        before.leader.killEverything()
        let after = try await cluster.healthy(of: 2)
        let leader = try await eventually(
            within: .seconds(20), "the new leader leads", { try await rows(of: after.leader.name, cluster) }
        ) { $0.last?["Decision"] == "lead" }
        let epoch = try #require(try await cluster.lock()["matriarch.dev/epoch"])
        let election = try #require(leader.last { $0["Kind"] == "election" })
        #expect(election["Decision"]?.stringValue == "took the lock in epoch \(epoch)")
        #expect(election["Reason"]?.stringValue?.hasPrefix("nobody of 1 who answered is ahead of") == true)
        let other = try #require(after.standbys.first)
        let saw = election["Saw"]
        #expect(saw?["answers"]?.stringValue?.hasPrefix("\(other.name) timeline \(before.timeline)") == true)
        #expect(saw?["silent"]?.stringValue == before.leader.name)
        #expect(saw?["own position"]?.stringValue?.hasPrefix("\(after.leader.name) timeline") == true)
        let decisions = leader.filter { $0["Kind"] == "decision" }.compactMap { $0["Decision"]?.stringValue }
        #expect(decisions.suffix(3) == ["race for the lock", "promote", "lead"], "\(decisions)")
        let race = try #require(leader.last { $0["Decision"] == "race for the lock" })
        #expect(race["Saw"]?["lock"]?.stringValue?.contains("expired, was \(before.leader.name)'s") == true, "\(race)")
        #expect(race["Saw"]?["server"]?.stringValue?.hasPrefix("standby, timeline \(before.timeline)") == true)

        let followed = try await eventually(
            within: .seconds(20), "the other one follows", { try await rows(of: other.name, cluster) }
        ) {
            $0.last?["Decision"] == "wait" && $0.last?["Reason"]?.stringValue?.contains(after.leader.name) == true
        }
        #expect(followed.contains { $0["Decision"]?.stringValue == "follow \(after.leader.name)" }, "\(followed)")
        let last = try await why([other.name, "--last", "1"], cluster)
        #expect(last.status == 0 && last.error == "" && last.output.contains("| wait "), "\(last)")
        #expect(!last.output.contains("follow \(after.leader.name)"), "\(last)")

        // Its agent is gone: nobody answers there.
        let silent = try await why([before.leader.name], cluster)
        #expect(silent.status == 1 && silent.output == "", "\(silent)")
        #expect(
            silent.error.hasPrefix("Error: \(before.leader.name) does not tell what it decided: "), "\(silent.error)")
    }

    private static func rows(of member: String, _ cluster: MemberCluster) async throws -> [JSONValue] {
        let outcome = try await why([member, "-o", "json"], cluster)
        guard outcome.status == 0 else {
            Issue.record("\(outcome)")
            return []
        }
        return try JSONValue(parsing: outcome.output).arrayValue ?? []
    }

    private static func why(_ arguments: [String], _ cluster: MemberCluster) async throws -> BuiltProgram.Outcome {
        try await BuiltProgram.run(
            ["why", "--kubeconfig", "\(cluster.folder)/kubeconfig", "-n", cluster.namespace] + arguments)
    }
}
