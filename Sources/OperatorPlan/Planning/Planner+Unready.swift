import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import Units

/// Who of those that are wanted is not ready, since when, and for how long that is no fault yet.
extension Planner {
    /// - Returns: those whose time is over.
    mutating func describeUnready() -> [Unready] {
        let before = Dictionary(
            (previous.unready ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let unready = waiting.prefix(64).map { name, wait in
            Unready(name: name, wait: wait, before: before[name], now: now)
        }
        status.unready = unready.isEmpty ? nil : unready.map(\.status)
        let deadlines = unready.compactMap(\.deadline)
        if let next = deadlines.filter({ $0 > now }).min() { plan.requeue(after: next - now) }
        return unready.filter { $0.deadline.map { $0 <= now } ?? false }
    }

    /// By ordinal. A member that is to be removed is not waited for.
    private var waiting: [(String, Unready.Wait)] {
        let replicas = liveStatefulSet?.value(at: "spec", "replicas")?.intValue ?? 0
        let wanted = max(0, min(replicas, spec.instances))
        return (0..<wanted).compactMap { ordinal in
            let name = scope.pod(ordinal)
            guard let member = situation.member(name) else { return (name, .absent(statefulSet: scope.statefulSet)) }
            guard !member.isReady else { return nil }
            return (name, Unready.Wait(member, isOnTheWay: ConditionFindings.isOnTheWay(member)))
        }
    }
}
