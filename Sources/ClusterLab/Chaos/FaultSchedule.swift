import SeededChance
import Units

/// One fault of a schedule.
public struct PlannedFault: Hashable, Sendable {
    /// Since the beginning of its round.
    public let start: Duration
    /// How long it lasts; zero for momentary ones.
    public let duration: Duration
    public let fault: Fault
    /// Whether whoever leads at that moment is hit, or the member of this number.
    public let hitsLeader: Bool
    public let ordinal: Int

    public init(start: Duration, duration: Duration, fault: Fault, hitsLeader: Bool, ordinal: Int) {
        self.start = start
        self.duration = duration
        self.fault = fault
        self.hitsLeader = hitsLeader
        self.ordinal = ordinal
    }

    public var end: Duration { start + duration }
}

/// Rounds of faults from a seed: after each round all is mended and the cluster has to recover.
public struct FaultSchedule: Sendable {
    private var generator: SeededGenerator
    private let faults: [Fault]
    private let members: Int
    private let longest: Duration

    /// - Parameters:
    ///   - faults: to draw from.
    ///   - longest: how long a fault may last.
    public init(seed: UInt64, faults: [Fault], members: Int, longest: Duration) {
        precondition(!faults.isEmpty && members > 0, "nothing to draw from")
        generator = SeededGenerator(seed: seed)
        self.faults = faults
        self.members = members
        self.longest = longest
    }

    /// The next round: one to four faults that begin within some seconds, so that many overlap.
    public mutating func next() -> [PlannedFault] {
        (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            let fault = faults[Int.random(in: 0..<faults.count, using: &generator)]
            let start = Int.random(in: 0..<8000, using: &generator)
            let duration = Int.random(in: 500..<max(501, Int(longest.milliseconds)), using: &generator)
            return PlannedFault(
                start: .milliseconds(start), duration: fault.isMomentary ? .zero : .milliseconds(duration),
                fault: fault,
                hitsLeader: Int.random(in: 0..<10, using: &generator) < 6,
                ordinal: Int.random(in: 0..<members, using: &generator))
        }.sorted { $0.start < $1.start }
    }
}
