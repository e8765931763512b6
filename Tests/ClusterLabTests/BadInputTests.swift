import ClusterLab
import Testing

extension RealCluster {
    /// Tier K: mistakes get one clear message where the user looks, and change nothing.
    @Suite(.serialized)
    struct BadInputTests {
        @Test(arguments: BadInput.manifests)
        func `a manifest with a mistake is refused in words`(mistake: BadInput) async throws {
            let cluster = try SharedCluster.cluster()
            try await cluster.prepareNamespace()
            let message = try await cluster.refuse(mistake)
            #expect(!message.isEmpty)
        }

        @Test(arguments: BadInput.changes)
        func `a mistaken change leaves the running cluster as it is`(mistake: BadInput) async throws {
            let cluster = try SharedCluster.cluster()
            let message = try await cluster.withstand(mistake)
            #expect(!message.isEmpty)
        }

        @Test func `a switchover to an unknown candidate is a condition and an Event, and nothing happens`()
            async throws
        {
            let cluster = try SharedCluster.cluster()
            let message = try await cluster.withstandUnknownCandidate()
            #expect(message.contains("demo-9"))
        }

        @Test func `a volume with the data of another cluster is left untouched and its member never joins`()
            async throws
        {
            let message = try await SharedCluster.cluster().withstandForeignData()
            #expect(message.contains("system ID mismatch"))
        }
    }
}
