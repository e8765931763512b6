public import Observability

/// The controller metrics of controller-runtime, so that existing dashboards work.
public struct ControllerMetrics: Sendable {
    let reconciles: Counter
    let errors: Counter
    let terminalErrors: Counter
    let panics: Counter
    let duration: Histogram
    let maximumConcurrent: Gauge
    let activeWorkers: Gauge
    let timeouts: Counter

    public init(registry: MetricsRegistry) {
        let controller = ["controller"]
        reconciles = registry.counter(
            "controller_runtime_reconcile_total", help: "Total number of reconciliations per controller",
            labels: ["controller", "result"])
        errors = registry.counter(
            "controller_runtime_reconcile_errors_total",
            help: "Total number of reconciliation errors per controller", labels: controller)
        terminalErrors = registry.counter(
            "controller_runtime_terminal_reconcile_errors_total",
            help: "Total number of terminal reconciliation errors per controller", labels: controller)
        panics = registry.counter(
            "controller_runtime_reconcile_panics_total",
            help: "Total number of reconciliation panics per controller", labels: controller)
        timeouts = registry.counter(
            "controller_runtime_reconcile_timeouts_total",
            help: "Total number of reconciliation timeouts per controller", labels: controller)
        duration = registry.histogram(
            "controller_runtime_reconcile_time_seconds",
            help: "Length of time per reconciliation per controller", labels: controller,
            buckets: [
                0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25,
                1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
            ])
        maximumConcurrent = registry.gauge(
            "controller_runtime_max_concurrent_reconciles",
            help: "Maximum number of concurrent reconciles per controller", labels: controller)
        activeWorkers = registry.gauge(
            "controller_runtime_active_workers", help: "Number of currently used workers per controller",
            labels: controller)
    }
}
