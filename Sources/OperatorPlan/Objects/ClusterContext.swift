import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration

/// What every builder needs: the cluster, its checked spec, and what follows from both.
struct ClusterContext: Sendable, Hashable {
    let name: String
    let namespace: String
    let uid: String
    let spec: PostgresClusterSpec
    /// nil: the cluster has no database for an application; see ``madeWithApplication(in:hasData:)``.
    var application: ApplicationDatabase?

    init(_ cluster: PostgresCluster, spec: PostgresClusterSpec) {
        name = cluster.metadata.name ?? ""
        namespace = cluster.metadata.namespace ?? ""
        uid = cluster.metadata.uid ?? ""
        self.spec = spec
    }

    var scope: Scope { Scope(namespace: namespace, cluster: name) }
    var lockObject: LockObject { spec.highAvailability.lockObject }

    /// Kind of the store's objects.
    var storeResource: APIResource {
        switch lockObject {
        case .configMap: ConfigMap.resource
        case .endpoints: Endpoints.resource
        }
    }

    /// Makes the cluster owner and controller.
    var ownerReference: JSONValue {
        [
            "apiVersion": .string(PostgresCluster.resource.apiVersion), "kind": .string(PostgresCluster.resource.kind),
            "name": .string(name), "uid": .string(uid), "controller": true, "blockOwnerDeletion": true,
        ]
    }

    /// Metadata of an owned object.
    func metadata(_ name: String, component: String, annotations: [String: String]? = nil) -> JSONValue {
        var metadata: JSONValue = [
            "name": .string(name), "namespace": .string(namespace),
            "labels": JSONValue(Labels.all(cluster: self.name, component: component)),
            "ownerReferences": [ownerReference],
        ]
        if let annotations, !annotations.isEmpty { metadata["annotations"] = JSONValue(annotations) }
        return metadata
    }

    func object(
        _ resource: APIResource, _ name: String, component: String, annotations: [String: String]? = nil,
        _ fields: [String: JSONValue]
    ) -> JSONValue {
        var object = fields
        object["apiVersion"] = .string(resource.apiVersion)
        object["kind"] = .string(resource.kind)
        object["metadata"] = metadata(name, component: component, annotations: annotations)
        return .object(object)
    }

    /// Selects the members' Pods and nothing else.
    var podSelector: [String: String] {
        [Labels.cluster: name, Labels.component: Component.member]
    }
}
