import Glibc

/// A point in time after which a blocking call gives up.
///
/// Kept on CLOCK_BOOTTIME, so that a suspended or frozen process finds it passed.
struct Deadline: Sendable {
    private let nanoseconds: Int64

    init(after duration: Duration) {
        let (seconds, attoseconds) = duration.components
        // A day is longer than anything here takes, and far from overflow.
        let bounded = min(max(seconds, 0), 86_400)
        nanoseconds = Self.now() + bounded * 1_000_000_000 + (seconds < 0 ? 0 : attoseconds / 1_000_000_000)
    }

    /// For `poll`: 0 when it has passed, rounded up otherwise.
    var milliseconds: Int32 {
        Int32(clamping: (nanoseconds - Self.now() + 999_999).quotientAndRemainder(dividingBy: 1_000_000).quotient)
            .clampedToZero
    }

    var hasPassed: Bool { Self.now() >= nanoseconds }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension Int32 {
    fileprivate var clampedToZero: Int32 { Swift.max(0, self) }
}
