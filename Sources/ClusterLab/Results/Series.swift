/// A number of measurements of the same thing.
public struct Series: Hashable, Sendable {
    public let values: [Int64]

    public init(_ values: [Int64]) {
        self.values = values.sorted()
    }

    public var count: Int { values.count }
    public var minimum: Int64? { values.first }
    public var maximum: Int64? { values.last }

    /// The middle value; of an even number the mean of the two in the middle.
    public var median: Int64? {
        guard let last = values.last else { return nil }
        let middle = values.count / 2
        guard values.count % 2 == 0 else { return values[middle] }
        return middle == 0 ? last : (values[middle - 1] + values[middle]) / 2
    }
}
