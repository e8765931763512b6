public import Observability

/// What the reflectors of a process do, with client-go's names where it has them.
public struct ReflectorMetrics: Sendable {
    let lists: Counter
    let watches: Counter
    let relists: Counter
    let events: Counter
    let objects: Gauge

    public init(registry: MetricsRegistry) {
        lists = registry.counter("reflector_lists_total", help: "Lists done by the reflectors", labels: ["name"])
        watches = registry.counter(
            "reflector_watches_total", help: "Watches opened by the reflectors", labels: ["name"])
        relists = registry.counter(
            "reflector_relists_total", help: "Lists done again because the resource version was gone", labels: ["name"])
        events = registry.counter(
            "reflector_watch_events_total", help: "Watch events received by the reflectors", labels: ["name"])
        objects = registry.gauge("reflector_objects", help: "Objects in the reflector's store", labels: ["name"])
    }
}
