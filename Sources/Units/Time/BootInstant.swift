/// A point on CLOCK_BOOTTIME, which counts suspend and cannot be set.
///
/// Every deadline of the election is one of these; wall-clock time decides nothing.
public struct BootInstant: Codable, Hashable, Comparable, Sendable, InstantProtocol {
    /// Since boot; a signed 64-bit count holds 292 years.
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (left: BootInstant, right: BootInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Saturates: a duration somebody wrote as "for ever" ends nobody.
    public static func + (instant: BootInstant, duration: Duration) -> BootInstant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return BootInstant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// Saturates, like the sum.
    public static func - (instant: BootInstant, duration: Duration) -> BootInstant {
        let (difference, overflow) = instant.nanoseconds.subtractingReportingOverflow(duration.nanoseconds)
        return BootInstant(nanoseconds: overflow ? (duration < .zero ? .max : .min) : difference)
    }

    public static func - (left: BootInstant, right: BootInstant) -> Duration {
        let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return .nanoseconds(overflow ? (left < right ? .min : .max) : difference)
    }

    public func advanced(by duration: Duration) -> BootInstant { self + duration }

    public func duration(to other: BootInstant) -> Duration { other - self }
}

extension Duration {
    /// Whole nanoseconds, saturating at ± 292 years.
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole milliseconds, rounded towards zero.
    public var milliseconds: Int64 { nanoseconds / 1_000_000 }

    /// As seconds, for people and for metrics.
    public var inSeconds: Double { Double(nanoseconds) / 1_000_000_000 }
}
