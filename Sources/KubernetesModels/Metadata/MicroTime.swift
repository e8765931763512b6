/// A time that Kubernetes insists on with six digits of fraction: Lease and Event fields.
public struct MicroTime: Sendable, Hashable, Comparable, Codable {
    public var timestamp: Timestamp

    public init(_ timestamp: Timestamp) { self.timestamp = timestamp }

    public init(from decoder: any Decoder) throws { timestamp = try Timestamp(from: decoder) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(timestamp.microsecondDescription)
    }

    public static func < (left: MicroTime, right: MicroTime) -> Bool { left.timestamp < right.timestamp }
}
