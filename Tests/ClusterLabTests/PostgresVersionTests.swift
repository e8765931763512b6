import ClusterLab
import KubernetesModels
import PostgresClusterAPI
import Testing

extension RealCluster {
    /// PostgreSQL of another major version than that of most tests: a cluster of its own, and a cluster that must not get it.
    @Suite(.serialized)
    struct PostgresVersionTests {
        private static let other = "matriarch-postgres:17"

        @Test
        func `on PostgreSQL 17 a cluster takes writes, loses its leader's Pod and switches over, and no row is lost`()
            async throws
        {
            let lab = try SharedCluster.cluster().lab.running(image: Self.other)
            let cluster = LabCluster(lab: lab, namespace: "matriarch-tests-17", name: "seventeen")
            do {
                try await Bench(cluster: cluster).prepare()
                for scenario in [Scenario.podDeletion, .switchover] {
                    let result = try await scenario.run(on: cluster)
                    #expect(result.verdict?.lost == [])
                    #expect(result.verdict?.duplicated == [])
                    #expect(result.leaderAfter != result.leaderBefore)
                    #expect(result.hasPassed, "\(result.cells)")
                }
                #expect(try await cluster.resource().status?.postgresVersion?.hasPrefix("17.") == true)
            } catch {
                Issue.record("\(error)\n\(await cluster.report())")
            }
            try await cluster.delete()
            try await cluster.removeNamespace()
        }

        @Test
        func `an image of another major version restarts no Pod, is told, and is forgotten when it is taken back`()
            async throws
        {
            let cluster = try SharedCluster.cluster()
            try await cluster.waitUntilHealthy(within: .seconds(120))
            let before = try await Self.containers(of: cluster)
            let former = try #require(before.first?.image)
            try await cluster.patch(spec: ["image": .string(Self.other)])
            let refused = try await Self.condition(on: cluster) { $0?.status == .true }
            #expect(refused?.reason == "OtherMajorVersion")
            #expect(
                refused?.message.contains("\(Self.other) has PostgreSQL 17 and the data is of PostgreSQL 15") == true)
            #expect(try await Self.containers(of: cluster) == before)
            #expect(try await cluster.resource().status?.condition(.ready)?.status == .true)

            try await cluster.patch(spec: ["image": .string(cluster.lab.image)])
            let gone = try await Self.condition(on: cluster) { $0 == nil }
            #expect(gone == nil)
            #expect(try await Self.containers(of: cluster) == before)
            #expect(former == cluster.lab.image)
        }

        private struct Container: Equatable {
            let pod: String
            let uid: String?
            let image: String?
            let restarts: Int?
        }

        private static func containers(of cluster: LabCluster) async throws -> [Container] {
            try await cluster.pods().map { pod in
                Container(
                    pod: pod.metadata.name ?? "", uid: pod.metadata.uid, image: pod.spec?.containers?.first?.image,
                    restarts: pod.status?.containerStatuses?.first?.restartCount)
            }
        }

        /// The condition MajorVersionChange, once it is as wanted.
        private static func condition(
            on cluster: LabCluster, until isWanted: (Condition?) -> Bool
        ) async throws -> Condition? {
            let clock = ContinuousClock()
            let end = clock.now + .seconds(90)
            while true {
                let condition = try await cluster.resource().status?.condition(.majorVersionChange)
                if isWanted(condition) { return condition }
                guard clock.now < end else {
                    Issue.record("MajorVersionChange is \(String(describing: condition))\n\(await cluster.report())")
                    return condition
                }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}
