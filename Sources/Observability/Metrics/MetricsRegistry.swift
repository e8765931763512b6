import Synchronization

/// All metrics of a process, rendered in Prometheus' text exposition format 0.0.4.
///
/// Families are made once, usually as stored properties of a struct that names every metric of a part in one place. Asking
/// for a name again gives the same family, provided kind and labels agree; otherwise the newcomer is detached (its values
/// count, but are not rendered), because a wrong metric must not stop a database.
public final class MetricsRegistry: Sendable {
    private struct State {
        var families: [String: MetricFamily] = [:]
        var collectors: [@Sendable () -> [MetricSnapshot]] = []
    }
    private let state = Mutex(State())

    /// The `Content-Type` of ``exposition()``.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    public init() {}

    /// A value that only grows.
    /// - Parameter name: ends in `_total` by convention.
    public func counter(_ name: String, help: String, labels: [String] = []) -> Counter {
        Counter(family: family(name, help: help, labels: labels, kind: .counter))
    }

    /// A value that goes up and down.
    public func gauge(_ name: String, help: String, labels: [String] = []) -> Gauge {
        Gauge(family: family(name, help: help, labels: labels, kind: .gauge))
    }

    /// A distribution.
    /// - Parameter buckets: upper bounds in ascending order; `+Inf` is added.
    public func histogram(
        _ name: String, help: String, labels: [String] = [], buckets: [Double] = Histogram.defaultBuckets
    ) -> Histogram {
        Histogram(family: family(name, help: help, labels: labels, kind: .histogram(buckets: buckets)))
    }

    /// Adds values that are read when somebody looks, such as those of `/proc/self`.
    public func addCollector(_ collect: @escaping @Sendable () -> [MetricSnapshot]) {
        state.withLock { $0.collectors.append(collect) }
    }

    /// The text for a scrape, families sorted by name and samples by label values.
    public func exposition() -> String {
        let (families, collectors) = state.withLock { (Array($0.families.values), $0.collectors) }
        var snapshots = families.map { $0.snapshot() }
        for collect in collectors { snapshots += collect() }
        snapshots.sort { $0.name < $1.name }
        var text = ""
        for snapshot in snapshots where !snapshot.samples.isEmpty { snapshot.append(to: &text) }
        return text
    }

    private func family(_ name: String, help: String, labels: [String], kind: MetricKind) -> MetricFamily {
        let candidate = MetricFamily(name: name, help: help, labelNames: labels, kind: kind)
        return state.withLock { state in
            guard let existing = state.families[name] else {
                state.families[name] = candidate
                return candidate
            }
            return existing.kind == kind && existing.labelNames == labels ? existing : candidate
        }
    }
}
