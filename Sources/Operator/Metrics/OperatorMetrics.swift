import Observability
import PostgresClusterAPI

/// Every metric of the operator's own, in one place.
struct OperatorMetrics: Sendable {
    private static let cluster = ["namespace", "cluster"]

    private let ready: Gauge
    private let instances: Gauge
    private let readyInstances: Gauge
    private let primary: Gauge
    private let timeline: Gauge
    private let condition: Gauge
    private let changes: Counter

    init(registry: MetricsRegistry) {
        ready = registry.gauge(
            "matriarch_cluster_ready", help: "1 when the primary accepts writes and every member is ready",
            labels: Self.cluster)
        instances = registry.gauge(
            "matriarch_cluster_instances", help: "Members there are", labels: Self.cluster)
        readyInstances = registry.gauge(
            "matriarch_cluster_ready_instances", help: "Members that are ready", labels: Self.cluster)
        primary = registry.gauge(
            "matriarch_cluster_primary_info", help: "1 for the member that holds the lock",
            labels: Self.cluster + ["primary"])
        timeline = registry.gauge(
            "matriarch_cluster_timeline", help: "Timeline of the primary", labels: Self.cluster)
        condition = registry.gauge(
            "matriarch_cluster_condition", help: "1 for the present status of each condition",
            labels: Self.cluster + ["type", "status"])
        changes = registry.counter(
            "matriarch_operator_changes_total", help: "Changes carried out by kind and outcome",
            labels: ["change", "outcome"])
    }

    func carriedOut(_ change: String, _ outcome: String) { changes.increment(change, outcome) }

    /// Shows a cluster's status.
    func show(namespace: String, cluster: String, _ status: PostgresClusterStatus) {
        ready.set(namespace, cluster, to: status.condition(.ready)?.status == .true ? 1 : 0)
        instances.set(namespace, cluster, to: Double(status.instances ?? 0))
        readyInstances.set(namespace, cluster, to: Double(status.readyInstances ?? 0))
        if let line = status.timeline { timeline.set(namespace, cluster, to: Double(line)) }
        primary.removeAll { $0.starts(with: [namespace, cluster]) }
        if let name = status.primary { primary.set(namespace, cluster, name, to: 1) }
        condition.removeAll { $0.starts(with: [namespace, cluster]) }
        for entry in status.conditions ?? [] {
            condition.set(namespace, cluster, entry.type, entry.status.rawValue, to: 1)
        }
    }

    /// Forgets a deleted cluster.
    func forget(namespace: String, cluster: String) {
        for gauge in [ready, instances, readyInstances, primary, timeline, condition] {
            gauge.removeAll { $0.starts(with: [namespace, cluster]) }
        }
    }
}
