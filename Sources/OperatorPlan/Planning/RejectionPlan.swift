import KubernetesModels
import PostgresClusterAPI

/// What is done with a spec that cannot even be read: it says so, and what runs goes on running.
func rejectionPlan(
    _ cluster: PostgresCluster, observed: Observed, problems: [SpecProblem], now: Timestamp
) -> Plan {
    var plan = Plan()
    // Which Secrets such a spec names nobody knows.
    if let change = endOfConsent(cluster, observed: observed) { plan.changes.append(change) }
    let message = problems.map(\.description).joined(separator: "; ")
    var status = cluster.status ?? PostgresClusterStatus()
    status.observedGeneration = cluster.metadata.generation
    var conditions = status.conditions ?? []
    for kind in [Condition.Kind.ready, .configurationValid] {
        let before = status.condition(kind)
        let condition = Condition(
            type: kind, status: .false, reason: ConditionReason.invalidSpec.rawValue, message: message,
            lastTransitionTime: before?.status == .false ? before?.lastTransitionTime ?? now : now,
            observedGeneration: cluster.metadata.generation)
        if let index = conditions.firstIndex(where: { $0.type == kind.rawValue }) {
            conditions[index] = condition
        } else {
            conditions.append(condition)
        }
    }
    if status.condition(.configurationValid)?.message != message {
        plan.changes.append(.event(EventRequest(kind: .warning, reason: .invalidSpec, note: message)))
    }
    status.conditions = conditions
    plan.verdict = message
    plan.changes += statusPatch(cluster: cluster, status: status).map { [$0] } ?? []
    return plan
}
