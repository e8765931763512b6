import KubernetesModels
import PostgresClusterAPI

/// The smallest spec anybody writes.
let minimalSpec: JSONValue = ["image": "matriarch-postgres:15", "storage": ["size": "10Gi"]]

/// The cluster `demo` with `changes` merged over the smallest spec.
func demo(_ changes: JSONValue = [:], status: PostgresClusterStatus? = nil) throws -> PostgresCluster {
    let object: JSONValue = [
        "metadata": ["name": "demo", "namespace": "default", "uid": "u-1", "generation": 1],
        "spec": merged(minimalSpec, changes),
    ]
    var cluster: PostgresCluster = try object.decoded()
    cluster.status = status
    return cluster
}

func merged(_ base: JSONValue, _ changes: JSONValue) -> JSONValue {
    guard case .object(var members) = base, case .object(let new) = changes else { return changes }
    for (key, value) in new { members[key] = members[key].map { merged($0, value) } ?? value }
    return .object(members)
}
