/// A position in the write-ahead log: the byte offset PostgreSQL calls `pg_lsn`.
///
/// Shown as PostgreSQL shows it, `16/B374D848`; carried in Patroni's objects as a decimal integer.
public struct LSN: RawRepresentable, Codable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The position nothing was ever written at; PostgreSQL's `InvalidXLogRecPtr`.
    public static let invalid = LSN(rawValue: 0)

    public static func < (left: LSN, right: LSN) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Bytes of WAL from `other` up to this position; 0 when `other` is ahead.
    public func bytes(since other: LSN) -> ByteCount {
        ByteCount(rawValue: rawValue > other.rawValue ? rawValue - other.rawValue : 0)
    }
}

extension LSN: LosslessStringConvertible {
    /// Parses `X/Y`: two hexadecimal numbers of at most 32 bits; nil for anything else.
    public init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ (1...8).contains($0.utf8.count) }),
            let high = UInt32(halves[0], radix: 16), let low = UInt32(halves[1], radix: 16)
        else { return nil }
        self.init(rawValue: UInt64(high) << 32 | UInt64(low))
    }

    public var description: String {
        String(rawValue >> 32, radix: 16, uppercase: true) + "/"
            + String(rawValue & 0xFFFF_FFFF, radix: 16, uppercase: true)
    }
}
