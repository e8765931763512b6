import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// What was observed, told apart: what belongs to the cluster, and what only has a name it needs.
///
/// Names follow from the cluster's, and so does the label its Pods are found by. An application, another Patroni cluster, or
/// a deleted cluster of the same name until it is collected may have them already; what is theirs is neither followed nor
/// written nor deleted.
struct Belongings: Sendable, Hashable {
    /// Without anything of anybody else.
    let own: Observed
    /// What stands in the way, in a fixed order.
    let foreign: [ObjectKey]

    init(_ observed: Observed, of cluster: PostgresCluster) {
        let owner = Owner(cluster)
        var own = observed
        own.objects = observed.objects.filter { owner.owns($0.value) }
        own.secrets = observed.secrets.filter { owner.owns($0.value) }
        own.pods = observed.pods.filter { owner.owns($0) }
        own.imageCheck = observed.imageCheck.flatMap { owner.owns($0.statefulSet) ? $0 : nil }
        let store = observed.store.objects(of: cluster).filter {
            !owner.owns($0.object, beside: observed.store.configuration)
        }
        for object in store { own.store[keyPath: object.role] = nil }
        self.own = own
        let objects =
            observed.objects.keys.filter { own.objects[$0] == nil }
            + observed.secrets.keys.filter { own.secrets[$0] == nil }.map { ObjectKey(Secret.resource, $0) }
        foreign = objects.sorted { $0.description < $1.description } + store.map(\.key)
    }
}

/// Whose an object is.
private struct Owner {
    let name: String
    let uid: String

    init(_ cluster: PostgresCluster) {
        name = cluster.metadata.name ?? ""
        uid = cluster.metadata.uid ?? ""
    }

    func owns(_ object: JSONValue) -> Bool {
        let owners = object.value(at: "metadata", "ownerReferences")?.arrayValue ?? []
        return owners.contains { $0["uid"]?.stringValue == uid }
    }

    /// Anybody may make the Secrets. Those of another cluster go when it does.
    func owns(_ secret: ObjectMeta) -> Bool {
        let owners = (secret.ownerReferences ?? []).filter { $0.kind == PostgresCluster.resource.kind }
        return owners.isEmpty || owners.contains { $0.uid == uid }
    }

    /// Also when their StatefulSet is gone: its template has put the operator's label on them.
    func owns(_ pod: Pod) -> Bool {
        pod.metadata.labels?[Labels.managedBy] == Labels.application
    }

    /// The agents make most objects of the store, and those have no owner: their labels tell. One that lost those is
    /// known by the cluster's label, which Patroni has as well, as long as the configuration is the operator's own.
    func owns(_ object: StoreObject, beside configuration: StoreObject?) -> Bool {
        let owners = object.owners.filter { $0.kind == PostgresCluster.resource.kind }
        guard owners.isEmpty else { return owners.contains { $0.uid == uid } }
        if object.labels[Labels.managedBy] == Labels.application, object.labels[Labels.instance] == name { return true }
        return object.labels[Labels.cluster] == name && configuration?.owners.contains { $0.uid == uid } == true
    }
}

extension StoreSnapshot {
    typealias Role = WritableKeyPath<StoreSnapshot, StoreObject?>

    /// The objects there are, with their kind and name.
    func objects(of cluster: PostgresCluster) -> [(key: ObjectKey, role: Role, object: StoreObject)] {
        let lockObject = cluster.storedLockObject
        let resource = lockObject == .configMap ? ConfigMap.resource : Endpoints.resource
        let names = Self.names(of: cluster.scope, lockObject: lockObject)
        let roles: [Role] = [\.leader, \.configuration, \.failover, \.synchronization]
        return zip(names, roles).compactMap { name, role in
            self[keyPath: role].map { (ObjectKey(resource, name), role, $0) }
        }
    }
}
