import ClusterRecords
import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct LeftoverEndpointsTests {
    private static let orphans = (0..<5).map { "orphan-\($0)" }

    /// At its start it deletes Endpoints without a Service. Without `demo-sync` anybody could be elected.
    @Test func `a store in Endpoints outlives a start of the controller manager`() async throws {
        let plane = try await ControlPlane.start()
        do {
            try await startControllers(beside: OperatorLab(on: plane))
        } catch {
            try await plane.stop()
            throw error
        }
        try await plane.stop()
    }

    private func startControllers(beside lab: OperatorLab) async throws {
        try await lab.withOperator { _ in
            try await lab.apply("demo", ["highAvailability": ["lockObject": "Endpoints"]])
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "demo") }
            // As the agents make them, and some that nobody keeps.
            for name in ["demo", "demo-failover", "demo-sync"] + Self.orphans {
                _ = try await lab.client.createRaw(
                    Endpoints.resource,
                    body: [
                        "metadata": [
                            "name": .string(name),
                            "labels": JSONValue(Labels.all(cluster: "demo", component: "store")),
                            "annotations": ["leader": "demo-0"],
                        ]
                    ], namespace: lab.namespace)
            }
            try await lab.plane.startControllers(["endpoint"])
            for name in Self.orphans {
                try await eventually(within: .seconds(60), "\(name) goes") {
                    try await !lab.isPresent(Endpoints.self, name)
                }
            }
            for name in ["demo", "demo-config", "demo-failover", "demo-sync"] {
                #expect(try await lab.isPresent(Endpoints.self, name), "\(name)")
            }
        }
    }
}
