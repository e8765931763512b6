/// An amount of data in bytes.
public struct ByteCount: RawRepresentable, Codable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    public static func mebibytes(_ count: UInt64) -> ByteCount {
        ByteCount(rawValue: count << 20)
    }

    public static func < (left: ByteCount, right: ByteCount) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension ByteCount: CustomStringConvertible {
    /// The largest binary unit that keeps it whole: `1 MiB`, `1536 KiB`, `7 B`.
    public var description: String {
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)]
        for (name, shift) in units where rawValue != 0 && rawValue & ((1 << shift) - 1) == 0 {
            return "\(rawValue >> shift) \(name)"
        }
        return "\(rawValue) B"
    }
}
