import ClusterLab
import Testing

/// The one cluster all scenarios of this process run on, in a namespace of its own.
enum SharedCluster {
    private static let namespace = "matriarch-tests"

    private static let lab = Result { try Lab.connect(progress: Progress()) }

    static func cluster() throws -> LabCluster {
        LabCluster(lab: try lab.get(), namespace: namespace)
    }

    static func prepare() async throws {
        let cluster = try cluster()
        do {
            try await cluster.removeRemnants()
            try await Bench(cluster: cluster).prepare()
        } catch {
            Issue.record("the cluster of the tests did not come up: \(error)\n\(await cluster.report())")
            throw error
        }
    }

    /// Runs a scenario; when it fails, or what must be true afterwards is not, says what the cluster looked like.
    static func run(_ scenario: Scenario) async throws -> ScenarioResult {
        let cluster = try cluster()
        do {
            let result = try await scenario.run(on: cluster)
            if !result.hasPassed { Issue.record("\(scenario.title): \(result.cells)\n\(await cluster.report())") }
            return result
        } catch {
            Issue.record("\(scenario.title): \(error)\n\(await cluster.report())")
            throw error
        }
    }

    /// Takes everything away, volumes included.
    static func remove() async throws {
        let cluster = try cluster()
        try await cluster.delete()
        try await cluster.removeNamespace()
    }
}
