import Units

/// True time, which nobody in the simulated world can read: microseconds since the beginning.
typealias Microseconds = Int64

extension Microseconds {
    static func milliseconds(_ count: Int64) -> Microseconds { count * 1000 }
    static func seconds(_ count: Int64) -> Microseconds { count * 1_000_000 }
}

extension Duration {
    var microseconds: Microseconds { nanoseconds / 1000 }
}

/// A machine's CLOCK_BOOTTIME: its own origin, and a rate that is a little wrong.
struct NodeClock: Sendable {
    let origin: Int64
    /// Within ± 5000, half a per cent; crystals are a hundred times better.
    let partsPerMillion: Int64

    func read(_ now: Microseconds) -> BootInstant {
        BootInstant(nanoseconds: origin + now * 1000 + now * partsPerMillion / 1000)
    }

    /// The first true instant at which the clock shows `instant` or more.
    func trueTime(of instant: BootInstant) -> Microseconds {
        (instant.nanoseconds - origin) * 1000 / (1_000_000 + partsPerMillion) + 1
    }
}
