import ArgumentParser
import ClusterLab
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import Testing

@testable import CommandLineTool

extension RealCluster {
    /// Tier K: the commands for people, against the cluster they are for.
    @Suite(.serialized)
    struct CommandLineTests {
        @Test func `every member is listed with the position it has at this moment`() async throws {
            let cluster = try SharedCluster.cluster()
            let healthy = try await cluster.waitUntilHealthy()
            let listing = try await ClusterReader(client: cluster.lab.client)
                .listing(cluster.name, namespace: cluster.namespace)
            #expect(listing.members.map(\.name) == ["demo-0", "demo-1", "demo-2"])
            #expect(listing.members.first { $0.role == .leader }?.name == healthy.leader.name)
            try await run(ListCommand.self, [cluster.name, "-e"])
            // Status shows it a moment later: the operator looks when something has changed.
            try await wait(for: "a status that says the same", within: .seconds(30)) { () -> Sight<Void> in
                let listed = try await ClusterReader(client: cluster.lab.client)
                    .listing(cluster.name, namespace: cluster.namespace).members
                let status = try await cluster.resource().status
                let shown = status?.members ?? []
                let isSame =
                    listed.map(\.name) == shown.map(\.name) && listed.map(\.timeline) == shown.map(\.timeline)
                    && listed.map(\.hasPendingRestart) == shown.map { $0.pendingRestart == true }
                    && listed.map { $0.role == .leader ? "primary" : "replica" } == shown.map { $0.role ?? "" }
                    && listed.first { $0.role == .leader }?.name == status?.primary
                return isSame ? .reached(()) : .notYet("listed \(listed), shown \(shown)")
            }
        }

        @Test func `a failover to a named member hands over in order while there is a primary`() async throws {
            let cluster = try SharedCluster.cluster()
            let replica = try #require(try await cluster.waitUntilHealthy().replicas.first?.name)
            try await run(FailoverCommand.self, [cluster.name, "--candidate", replica, "--force"])
            let status = try #require(try await cluster.resource().status?.switchover)
            #expect(status.reason == "Completed")
            #expect(try await cluster.waitUntilHealthy().leader.name == replica)
        }

        @Test func `a scheduled switchover is carried out at its time and not before`() async throws {
            let cluster = try SharedCluster.cluster()
            let replica = try #require(try await cluster.waitUntilHealthy().replicas.first?.name)
            let time = Timestamp(microsecondsSince1970: Timestamp.now().microsecondsSince1970 + 3_000_000)
            try await run(
                SwitchoverCommand.self,
                [cluster.name, "--candidate", replica, "--scheduled", time.description, "--force"])
            let end = try await wait(for: "the scheduled switchover", within: .seconds(30)) {
                () -> Sight<Timestamp> in
                guard let status = try await cluster.resource().status?.switchover, status.phase == .succeeded,
                    status.to == replica, let end = status.finishedAt
                else { return .notYet("not carried out") }
                return .reached(end)
            }
            // Kubernetes keeps whole seconds.
            #expect(end.microsecondsSince1970 >= time.microsecondsSince1970 - 1_000_000)
            #expect(try await cluster.waitUntilHealthy().leader.name == replica)
        }

        private func run<Command: AsyncParsableCommand>(_ command: Command.Type, _ arguments: [String]) async throws {
            var command = try await command.asyncParse(arguments + ["-n", try SharedCluster.cluster().namespace])
            try await command.run()
        }
    }
}
