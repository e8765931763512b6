import ClusterLab
import Glibc
import Testing

/// Everything that needs real Pods: one after the other on one cluster, which is made before the first and removed after
/// the last.
@Suite(.serialized, .realCluster, ClusterLifetime())
struct RealCluster {}

/// Makes the shared cluster for a suite, and takes it away with its volumes when the suite is over.
struct ClusterLifetime: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        do {
            try await SharedCluster.prepare()
            try await function()
        } catch {
            try await SharedCluster.remove()
            throw error
        }
        try await SharedCluster.remove()
    }
}

extension Trait where Self == ConditionTrait {
    /// Real Pods: only where somebody says there is a cluster to work on.
    static var realCluster: Self {
        .enabled(
            if: getenv("MATRIARCH_CLUSTER_TESTS").map { String(cString: $0) } == "1",
            "needs a real Kubernetes with the operator, as root: make up install, then MATRIARCH_CLUSTER_TESTS=1")
    }
}
