public import Units

/// How the kernel's watchdog is used, as Patroni's `watchdog` section says it (patroni.md §10).
public struct WatchdogSettings: Hashable, Sendable {
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        case off
        /// Used if it can be; a member without it may lead.
        case automatic
        /// A member that cannot use it does not lead.
        case required
    }

    public enum Driver: String, Hashable, Sendable, CaseIterable {
        /// A device of Linux, by ioctl.
        case linux = "default"
        /// Writes what it would do into a named pipe: `Ctimeout=N` and a line break, `1`, `V`.
        case testing
    }

    public var mode: Mode
    public var driver: Driver
    public var device: String
    /// How long before the end of `ttl` the machine is reset. nil: half of `fenceMargin`, so that init, which only kills
    /// PostgreSQL, comes first. Negative: the half of `ttl`.
    public var safetyMargin: Duration?

    public init(
        mode: Mode = .off, driver: Driver = .linux, device: String = "/dev/watchdog", safetyMargin: Duration? = nil
    ) {
        self.mode = mode
        self.driver = driver
        self.device = device
        self.safetyMargin = safetyMargin
    }

    /// How long the device waits for the next sign of life. Whole seconds, because the kernel knows no others; at least 1.
    public func timeout(_ timings: Timings) -> Int {
        let margin = safetyMargin ?? timings.fenceMargin / 2
        let timeout = margin < .zero ? timings.ttl / 2 : timings.ttl - margin
        return max(1, Int(timeout.nanoseconds / 1_000_000_000))
    }

    /// Why no device can serve these timings: it would end the machine between two renewals. nil when one can.
    public func objection(_ timings: Timings) -> String? {
        guard Duration.seconds(timeout(timings)) < timings.loopWait else { return nil }
        return
            "Watchdog not supported: its timeout of \(timeout(timings)) s, from a ttl of \(Timings.text(timings.ttl)), "
            + "is less than loop_wait, \(Timings.text(timings.loopWait))"
    }
}
