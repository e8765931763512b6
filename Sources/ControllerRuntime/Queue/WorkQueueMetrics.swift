public import Observability

/// The queue metrics of controller-runtime, so that existing dashboards work.
public struct WorkQueueMetrics: Sendable {
    private static let labels = ["name", "controller"]
    private static let buckets: [Double] = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000]

    let depth: Gauge
    let adds: Counter
    let queueDuration: Histogram
    let workDuration: Histogram
    let retries: Counter
    private let registry: MetricsRegistry

    public init(registry: MetricsRegistry) {
        self.registry = registry
        depth = registry.gauge("workqueue_depth", help: "Current depth of workqueue", labels: Self.labels)
        adds = registry.counter(
            "workqueue_adds_total", help: "Total number of adds handled by workqueue", labels: Self.labels)
        queueDuration = registry.histogram(
            "workqueue_queue_duration_seconds",
            help: "How long in seconds an item stays in workqueue before being requested", labels: Self.labels,
            buckets: Self.buckets)
        workDuration = registry.histogram(
            "workqueue_work_duration_seconds",
            help: "How long in seconds processing an item from workqueue takes.", labels: Self.labels,
            buckets: Self.buckets)
        retries = registry.counter(
            "workqueue_retries_total", help: "Total number of retries handled by workqueue", labels: Self.labels)
    }

    /// Adds the two metrics that are only known when somebody looks.
    func collectBusy(name: String, _ busy: @escaping @Sendable () -> [Duration]) {
        let labels = [
            MetricSnapshot.Label(name: "name", value: name), MetricSnapshot.Label(name: "controller", value: name),
        ]
        registry.addCollector {
            let seconds = busy().map(\.inSecondsValue)
            return [
                MetricSnapshot(
                    name: "workqueue_unfinished_work_seconds",
                    help: "How many seconds of work has been done that is in progress and hasn't been observed by "
                        + "work_duration.", typeName: "gauge",
                    samples: [MetricSnapshot.Sample(labels: labels, value: seconds.reduce(0, +))]),
                MetricSnapshot(
                    name: "workqueue_longest_running_processor_seconds",
                    help: "How many seconds has the longest running processor for workqueue been running.",
                    typeName: "gauge", samples: [MetricSnapshot.Sample(labels: labels, value: seconds.max() ?? 0)]),
            ]
        }
    }
}
