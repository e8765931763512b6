/// A family of distributions.
public struct Histogram: Sendable {
    /// Prometheus' default buckets, in seconds.
    public static let defaultBuckets: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    let family: MetricFamily

    /// Counts one observation.
    public func observe(_ labels: String..., value: Double) {
        observe(labels, value)
    }

    /// Counts one observation in seconds.
    public func observe(_ labels: String..., duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(labels, Double(seconds) + Double(attoseconds) * 1e-18)
    }

    /// Observations of the child so far.
    public func count(_ labels: String...) -> Int {
        let wanted = zip(family.labelNames, labels).map { $0 + "=" + $1 }
        let sample = family.snapshot().samples.first { sample in
            sample.suffix == "_count" && sample.labels.map { $0.name + "=" + $0.value } == wanted
        }
        return sample.map { Int($0.value) } ?? 0
    }

    private func observe(_ labels: [String], _ value: Double) {
        guard case .histogram(let buckets) = family.kind else { return }
        let index = buckets.firstIndex { value <= $0 } ?? buckets.count
        family.update(labels) { child in
            child.value += value
            child.bucketCounts[index] += 1
        }
    }
}
