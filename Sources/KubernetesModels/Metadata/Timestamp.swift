/// An instant of wall-clock time with microseconds, written as RFC 3339 in UTC.
///
/// For showing and recording only. Nothing that keeps a cluster safe may compare wall clocks.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public var microsecondsSince1970: Int64

    public init(microsecondsSince1970: Int64) { self.microsecondsSince1970 = microsecondsSince1970 }

    public init(secondsSince1970: Int64) {
        microsecondsSince1970 = secondsSince1970.multipliedReportingOverflow(by: 1_000_000).partialValue
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microsecondsSince1970 < right.microsecondsSince1970
    }

    /// `2026-01-02T03:04:05Z`, with six digits of fraction when there is one.
    public var description: String { formatted(alwaysMicroseconds: false) }

    /// `2026-01-02T03:04:05.000006Z`, always with the fraction.
    public var microsecondDescription: String { formatted(alwaysMicroseconds: true) }

    private func formatted(alwaysMicroseconds: Bool) -> String {
        let (seconds, fraction) = microsecondsSince1970.flooredDivision(by: 1_000_000)
        let (days, secondOfDay) = seconds.flooredDivision(by: 86_400)
        let date = CivilDate(daysSince1970: days)
        var text = "\(date.year.padded(4))-\(date.month.padded(2))-\(date.day.padded(2))T"
        text += "\((secondOfDay / 3600).padded(2)):\((secondOfDay / 60 % 60).padded(2)):\((secondOfDay % 60).padded(2))"
        if alwaysMicroseconds || fraction != 0 { text += "." + fraction.padded(6) }
        return text + "Z"
    }
}

extension Timestamp: CustomStringConvertible, LosslessStringConvertible {
    /// Parses RFC 3339: any offset, any number of fraction digits (those past microseconds are dropped).
    public init?(_ text: String) {
        var scanner = TimestampScanner(Array(text.utf8))
        guard let value = scanner.scan() else { return nil }
        microsecondsSince1970 = value
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Timestamp {
    public static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let parts = duration.components
        let microseconds = parts.seconds.multipliedReportingOverflow(by: 1_000_000).partialValue
            .addingReportingOverflow(parts.attoseconds / 1_000_000_000_000).partialValue
        return Timestamp(
            microsecondsSince1970: time.microsecondsSince1970.addingReportingOverflow(microseconds).partialValue)
    }

    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .microseconds(left.microsecondsSince1970.subtractingReportingOverflow(right.microsecondsSince1970).partialValue)
    }
}
