/// The four durations an election runs on.
///
/// A holder renews every `loopWait`. Its lock is valid for `ttl` from the moment the renewal was *sent*, and `fenceMargin`
/// before that moment every process of its PostgreSQL is killed if no newer renewal was confirmed.
public struct Timings: Codable, Hashable, Sendable {
    /// How long an unrenewed lock holds. Minimum 3 s.
    public var ttl: Duration
    /// The heartbeat: time between two renewals. Minimum 1 s.
    public var loopWait: Duration
    /// Budget for one exchange with the API server, retries included. Minimum 1 s.
    public var retryTimeout: Duration
    /// How long before the lock's end the fence falls. Minimum 500 ms.
    public var fenceMargin: Duration

    public init(ttl: Duration, loopWait: Duration, retryTimeout: Duration, fenceMargin: Duration) {
        self.ttl = ttl
        self.loopWait = loopWait
        self.retryTimeout = retryTimeout
        self.fenceMargin = fenceMargin
    }

    public static let fast = Timings(
        ttl: .seconds(10), loopWait: .seconds(2), retryTimeout: .seconds(3), fenceMargin: .milliseconds(1500))
    public static let standard = Timings(
        ttl: .seconds(20), loopWait: .seconds(5), retryTimeout: .seconds(5), fenceMargin: .seconds(3))
    public static let tolerant = Timings(
        ttl: .seconds(60), loopWait: .seconds(15), retryTimeout: .seconds(15), fenceMargin: .seconds(10))

    /// What is left for renewing before the fence: `ttl − fenceMargin`.
    public var fenceDelay: Duration { ttl - fenceMargin }

    /// Why these timings are refused, with the formula and the numbers; nil when they are sound.
    ///
    /// One `retryTimeout` is spent reading and one writing, and both must fit before the fence falls.
    public var validationError: String? {
        let minima: [(String, Duration, Duration)] = [
            ("ttl", ttl, .seconds(3)), ("loopWait", loopWait, .seconds(1)),
            ("retryTimeout", retryTimeout, .seconds(1)), ("fenceMargin", fenceMargin, .milliseconds(500)),
        ]
        for (name, value, minimum) in minima where value < minimum {
            return "\(name) is \(Self.text(value)) but must be at least \(Self.text(minimum))"
        }
        guard loopWait + retryTimeout * 2 < ttl - fenceMargin else {
            return "loopWait + 2·retryTimeout < ttl − fenceMargin must hold, but "
                + "\(Self.text(loopWait)) + 2·\(Self.text(retryTimeout)) = \(Self.text(loopWait + retryTimeout * 2)) "
                + "is not less than \(Self.text(ttl)) − \(Self.text(fenceMargin)) = \(Self.text(ttl - fenceMargin))"
        }
        return nil
    }

    /// Seconds with at most three decimals and no trailing zeros: `1.5 s`, `20 s`.
    public static func text(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        guard milliseconds % 1000 != 0 else { return "\(milliseconds / 1000) s" }
        var fraction = String(1000 + abs(milliseconds % 1000)).dropFirst()
        while fraction.hasSuffix("0") { fraction = fraction.dropLast() }
        return "\(milliseconds < 0 ? "-" : "")\(abs(milliseconds / 1000)).\(fraction) s"
    }
}
