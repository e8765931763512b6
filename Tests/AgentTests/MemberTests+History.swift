import KubernetesModels
import TestSupport
import Testing

/// What is kept of the changes of the primary.
extension MemberTests {
    @Test func `the history says what led to each change, and Patroni's form of it is as it was`() async throws {
        try await withThree { cluster, first in
            let candidate = try #require(first.standbys.first)
            try await cluster.annotate(
                .failover, ["leader": .string(first.leader.name), "member": .string(candidate.name)])
            let second = try await eventually(
                within: .seconds(30), "\(candidate.name) leads", { try await cluster.healthy() }
            ) { $0.leader.name == candidate.name }
            try await Self.expect("switchover", of: second, cluster)

            second.leader.terminate()
            try await eventually(within: .seconds(20), "it ends", { second.leader.exitStatus }) { $0 != nil }
            let third = try await cluster.healthy(of: 2)
            try await Self.expect("handover", of: third, cluster)
            try second.leader.start()
            try await cluster.healthy()

            try await third.leader.destroy()
            let fourth = try await cluster.healthy(of: 2)
            try await Self.expect("failover", of: fourth, cluster)
            try third.leader.start()
            try await cluster.healthy()
            let entries = try JSONValue(parsing: try await cluster.annotations(.configuration)["history"] ?? "")
            #expect(entries.arrayValue?.suffix(3).allSatisfy { $0.arrayValue?.count == 5 } == true, "\(entries)")
            // Nothing of a hand-over is left on a lock that somebody holds.
            #expect(try await cluster.lock()["matriarch.dev/handover"] == nil)
        }
    }

    /// What `matriarch history` says of the change that began the leader's timeline.
    private static func expect(_ kind: String, of leadership: Leadership, _ cluster: MemberCluster) async throws {
        try await eventually(
            within: .seconds(20), "the change to \(leadership.leader.name) is a \(kind)",
            {
                let outcome = try await BuiltProgram.run([
                    "history", MemberCluster.name, "--kubeconfig", "\(cluster.folder)/kubeconfig", "-n",
                    cluster.namespace, "-o", "json",
                ])
                return try JSONValue(parsing: outcome.output).arrayValue?.last ?? .null
            }
        ) {
            $0["TL"]?.intValue == leadership.timeline - 1 && $0["New Leader"]?.stringValue == leadership.leader.name
                && $0["Kind"]?.stringValue == kind
        }
    }
}
