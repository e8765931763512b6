public import Observability

/// What became of the events a process wanted to tell.
public struct EventMetrics: Sendable {
    let outcomes: Counter

    public init(registry: MetricsRegistry) {
        outcomes = registry.counter(
            "matriarch_events_total", help: "Events by what became of them: created, repeated, dropped or failed",
            labels: ["outcome"])
    }
}
