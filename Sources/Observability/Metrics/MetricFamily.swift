import Synchronization

/// What a family measures.
enum MetricKind: Sendable, Equatable {
    case counter
    case gauge
    case histogram(buckets: [Double])

    var typeName: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}

/// The children of one metric name, one per combination of label values.
final class MetricFamily: Sendable {
    struct Child {
        var value = 0.0
        /// Observations per bucket, not cumulated; the last one is `+Inf`. Empty for counters and gauges.
        var bucketCounts: [UInt64] = []
    }

    let name: String
    let help: String
    let labelNames: [String]
    let kind: MetricKind
    private let children = Mutex<[[String]: Child]>([:])

    init(name: String, help: String, labelNames: [String], kind: MetricKind) {
        self.name = name
        self.help = help
        self.labelNames = labelNames
        self.kind = kind
        if labelNames.isEmpty { update([]) { _ in } }
    }

    /// Changes one child. Label values beyond the declared names are dropped, missing ones are empty.
    func update(_ labels: [String], _ change: (inout Child) -> Void) {
        var labels = labels
        if labels.count != labelNames.count {
            assertionFailure("\(name) has the labels \(labelNames), not \(labels.count) values")
            labels = Array(labels.prefix(labelNames.count))
            labels += Array(repeating: "", count: labelNames.count - labels.count)
        }
        children.withLock { children in
            var child = children[labels] ?? emptyChild()
            change(&child)
            children[labels] = child
        }
    }

    func value(_ labels: [String]) -> Double {
        children.withLock { $0[labels]?.value ?? 0 }
    }

    func remove(_ labels: [String]) {
        children.withLock { _ = $0.removeValue(forKey: labels) }
    }

    func removeAll(where matches: ([String]) -> Bool) {
        children.withLock { children in
            for key in children.keys where matches(key) { children.removeValue(forKey: key) }
        }
    }

    private func emptyChild() -> Child {
        switch kind {
        case .counter, .gauge: Child()
        case .histogram(let buckets): Child(bucketCounts: Array(repeating: 0, count: buckets.count + 1))
        }
    }

    func snapshot() -> MetricSnapshot {
        let current = children.withLock { $0 }
        var samples: [MetricSnapshot.Sample] = []
        for (values, child) in current.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let labels = zip(labelNames, values).map { MetricSnapshot.Label(name: $0, value: $1) }
            switch kind {
            case .counter, .gauge:
                samples.append(MetricSnapshot.Sample(labels: labels, value: child.value))
            case .histogram(let buckets):
                samples += Self.histogramSamples(child, buckets: buckets, labels: labels)
            }
        }
        return MetricSnapshot(name: name, help: help, typeName: kind.typeName, samples: samples)
    }

    private static func histogramSamples(
        _ child: Child, buckets: [Double], labels: [MetricSnapshot.Label]
    ) -> [MetricSnapshot.Sample] {
        var samples: [MetricSnapshot.Sample] = []
        var cumulated: UInt64 = 0
        for (bound, count) in zip(buckets + [.infinity], child.bucketCounts) {
            cumulated += count
            let bucket = MetricSnapshot.Label(name: "le", value: MetricSnapshot.number(bound))
            samples.append(
                MetricSnapshot.Sample(suffix: "_bucket", labels: labels + [bucket], value: Double(cumulated)))
        }
        samples.append(MetricSnapshot.Sample(suffix: "_sum", labels: labels, value: child.value))
        samples.append(MetricSnapshot.Sample(suffix: "_count", labels: labels, value: Double(cumulated)))
        return samples
    }
}
