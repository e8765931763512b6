import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// The roles of the server that are declared.
extension ClusterContext {
    /// What the leader's agent reads when the store says that it is another one.
    ///
    /// Without the label by which agents watch the store: a thousand roles are for the leader alone, who reads them by name.
    func rolesConfigMap() -> JSONValue {
        var map = object(
            ConfigMap.resource, scope.rolesConfigMap, component: Component.configuration,
            ["data": [DeclaredRoles.name: .string(spec.declaredRoles.text)]])
        var metadata = map["metadata"]
        var labels = metadata?["labels"]?.objectValue ?? [:]
        labels[Labels.cluster] = nil
        metadata?["labels"] = .object(labels)
        map["metadata"] = metadata
        return map
    }
}
