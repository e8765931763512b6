import ClusterRecords
import ControllerRuntime
import KubernetesModels
import PostgresClusterAPI

/// Leaves out changes that cannot matter, above all the heartbeats of leaders.
enum ChangeFilter {
    /// Annotations of the lock that change with every renewal. Everything else in them is a change of meaning.
    static let heartbeats: Set<String> = [
        StoreKey.renewTime, StoreKey.position, StoreKey.slots, StoreKey.retainedSlots, StoreKey.failsafe,
    ]

    /// Whether anything but a heartbeat changed in an object of the store.
    static func changedItsMeaning<R: KubernetesResource>(_ change: StoreChange<R>) -> Bool {
        switch change {
        case .added, .deleted: return true
        case .updated(let old, let new):
            return meaning(old.metadata) != meaning(new.metadata)
        }
    }

    /// Whether more than the status of a cluster changed; its status is the operator's own work.
    static func wasChangedByOthers(_ change: StoreChange<PostgresCluster>) -> Bool {
        switch change {
        case .added, .deleted: return true
        case .updated(let old, let new):
            return old.metadata.generation != new.metadata.generation || old.metadata.uid != new.metadata.uid
                || old.metadata.deletionTimestamp != new.metadata.deletionTimestamp
                || meaning(old.metadata) != meaning(new.metadata)
        }
    }

    private struct Meaning: Equatable {
        var uid: String?
        var labels: [String: String]
        var annotations: [String: String]
        var owners: [OwnerReference]
        var finalizers: [String]
    }

    private static func meaning(_ metadata: ObjectMeta) -> Meaning {
        Meaning(
            uid: metadata.uid, labels: metadata.labels ?? [:],
            annotations: (metadata.annotations ?? [:]).filter { !heartbeats.contains($0.key) },
            owners: metadata.ownerReferences ?? [], finalizers: metadata.finalizers ?? [])
    }
}
