/// A family of values that only grow.
public struct Counter: Sendable {
    let family: MetricFamily

    /// Adds to the child with these label values, in the order the family declares them. Negative amounts are ignored.
    public func increment(_ labels: String..., by amount: Double = 1) {
        guard amount >= 0 else { return }
        family.update(labels) { $0.value += amount }
    }

    /// The child's present value; 0 when it was never touched.
    public func value(_ labels: String...) -> Double { family.value(labels) }

    /// Forgets every child whose label values match, such as those of a deleted cluster.
    public func removeAll(where matches: ([String]) -> Bool) { family.removeAll(where: matches) }
}
