/// A family of values that go up and down.
public struct Gauge: Sendable {
    let family: MetricFamily

    public func set(_ labels: String..., to value: Double) {
        family.update(labels) { $0.value = value }
    }

    public func add(_ labels: String..., amount: Double) {
        family.update(labels) { $0.value += amount }
    }

    /// The child's present value; 0 when it was never touched.
    public func value(_ labels: String...) -> Double { family.value(labels) }

    /// Forgets the child with these label values.
    public func remove(_ labels: String...) { family.remove(labels) }

    /// Forgets every child whose label values match, such as those of a deleted cluster.
    public func removeAll(where matches: ([String]) -> Bool) { family.removeAll(where: matches) }
}
