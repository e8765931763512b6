import KubernetesModels
import PostgresClusterAPI
import TestSupport
import Testing

/// Families of the Services' addresses, on a real API server: one with the feature keeps them, an older one drops them.
@Suite(.timeLimit(.minutes(3))) struct ServiceFamilyTests {
    @Test func `a wish for two families is applied once, whether the server keeps it or drops it`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { running in
            try await lab.apply("demo", instances: 3, ["service": ["ipFamilyPolicy": "PreferDualStack"]])
            try await lab.bringUp()
            for (round, families) in [["IPv4"], nil].enumerated() {
                try await lab.patch(["service": ["ipFamilies": families.map { JSONValue($0) } ?? .null]])
                try await eventually("the change is carried out") {
                    let cluster = try await lab.cluster()
                    return cluster.status?.observedGeneration == cluster.metadata.generation
                }
                _ = try await running.reconcilesAtRest()
                let live = try await lab.object(Service.resource, "demo")
                let kept = live.value(at: "spec", "ipFamilyPolicy")?.stringValue
                #expect(kept == nil || kept == "PreferDualStack")
                let versions = try await lab.versions()
                try await lab.expectNoWrites(of: running, touching: "\(round)")
                #expect(try await lab.versions() == versions)
            }
        }
    }
}
