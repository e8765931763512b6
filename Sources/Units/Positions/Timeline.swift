/// A PostgreSQL timeline: 1 for a new cluster, one more with every promotion.
public struct Timeline: RawRepresentable, Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static func < (left: Timeline, right: Timeline) -> Bool {
        left.rawValue < right.rawValue
    }

    public var description: String { String(rawValue) }
}
