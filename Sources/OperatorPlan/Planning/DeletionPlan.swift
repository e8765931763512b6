import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// What is done when the cluster was deleted.
///
/// The StatefulSet goes first. The store's objects are deleted once the Pods are gone: a living agent would make them
/// again. Everything with an owner reference is collected by Kubernetes when the finalizer is off. Volumes stay.
///
/// - Parameter observed: what belongs to the cluster; see ``Belongings``.
func deletionPlan(_ cluster: PostgresCluster, observed: Observed) -> Plan {
    var plan = Plan()
    let finalizers = cluster.metadata.finalizers ?? []
    guard finalizers.contains(OperatorNames.finalizer), cluster.metadata.name != nil else {
        plan.verdict = "being deleted; nothing left to clean up"
        return plan
    }
    let scope = cluster.scope
    let release = Change.patchMetadata(
        metadataPatch(of: cluster, finalizers: finalizers.filter { $0 != OperatorNames.finalizer }))
    if observed.isNamespaceTerminating {
        plan.verdict = "the namespace is being deleted and takes everything with it"
        plan.changes = [release]
        return plan
    }
    let key = ObjectKey(StatefulSet.resource, scope.statefulSet)
    if let live = observed.objects[key] {
        plan.verdict = "stopping the members"
        if live.value(at: "metadata", "deletionTimestamp") == nil {
            plan.changes.append(.delete(key, uid: live.value(at: "metadata", "uid")?.stringValue))
        }
        plan.requeue(after: .seconds(5))
        return plan
    }
    let remaining = observed.pods.compactMap(\.metadata.name).filter { scope.ordinal(ofPod: $0) != nil }
    guard remaining.isEmpty else {
        plan.verdict = "waiting for \(remaining.sorted().joined(separator: ", ")) to end"
        plan.requeue(after: .seconds(5))
        return plan
    }
    plan.verdict = "removing the store"
    for object in observed.store.objects(of: cluster) { plan.changes.append(.delete(object.key, uid: nil)) }
    plan.changes.append(
        .event(
            EventRequest(
                kind: .normal, reason: .cleanedUp,
                note: observed.volumeClaims.isEmpty
                    ? "Cluster removed"
                    : "Cluster removed; volumes are kept: \(observed.volumeClaims.sorted().joined(separator: ", "))")))
    plan.changes.append(release)
    return plan
}
