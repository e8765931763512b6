import ClusterRecords
import HighAvailability
import KubernetesModels
import Testing

@testable import PostgresClusterAPI

/// What a member refuses is told where the user of the resource finds it.
@Suite struct ProblemPathTests {
    @Test func `every path a member may tell is a field of the resource`() {
        var configuration = DynamicConfiguration(instances: 3)
        configuration.standbyCluster = StandbyCluster(host: "a", slot: "b")
        var keys = ["bootstrap", "bootstrap.initdb.localeProvider"]
        for (key, value) in configuration.json().objectValue ?? [:] {
            keys.append(key)
            keys += (value.objectValue ?? [:]).keys.map { "\(key).\($0)" }
        }
        let paths = keys.map { Problem.resourcePath(of: $0) }.filter { $0.hasPrefix("spec.") }
        #expect(paths.count >= 20)
        for path in paths { #expect(Self.isField(path), "\(path)") }
    }

    private static func isField(_ path: String) -> Bool {
        var shape = Shape.object(PostgresClusterSpec.self)
        for name in path.split(separator: ".").dropFirst() {
            guard case .object(let type) = shape, let (_, field) = type.fields.first(where: { $0.name == name }) else {
                return false
            }
            shape = field.shape
        }
        return true
    }
}
