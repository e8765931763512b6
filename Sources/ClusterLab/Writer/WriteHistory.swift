public import Units

/// Everything one run of writers saw, in the order in which the attempts were decided.
public struct WriteHistory: Hashable, Sendable {
    /// Names the run in the table the rows are in.
    public let run: String
    public private(set) var records: [WriteRecord]
    /// Ticks of the schedule that passed while an earlier attempt was still undecided or no session was to be had.
    public let missedTicks: Int

    public init(run: String, records: [WriteRecord], missedTicks: Int = 0) {
        self.run = run
        self.records = records.sorted { $0.decided < $1.decided }
        self.missedTicks = missedTicks
    }

    public var acknowledged: [WriteRecord] { records.filter { $0.outcome == .acknowledged } }

    /// The histories of several writers of the same run as one.
    public func merged(with other: WriteHistory) -> WriteHistory {
        WriteHistory(run: run, records: records + other.records, missedTicks: missedTicks + other.missedTicks)
    }

    /// The interruption of service around an operation.
    ///
    /// Of all pairs of consecutive acknowledged commits whose second came after `start`, the one that lies furthest
    /// apart: from the last acknowledged commit before the interruption to the first one after it. An undisturbed writer
    /// shows its own interval here.
    ///
    /// - Returns: nil when nothing was acknowledged after `start`, or nothing before that.
    public func outage(after start: BootInstant) -> Outage? {
        longestGap { $0.decided > start }
    }

    /// The longest time without an acknowledged commit in the whole history.
    public var longestGap: Outage? { longestGap { _ in true } }

    private func longestGap(endingWith isCounted: (WriteRecord) -> Bool) -> Outage? {
        var longest: Outage?
        for (before, after) in zip(acknowledged, acknowledged.dropFirst()) where isCounted(after) {
            let gap = Outage(lastBefore: before, firstAfter: after)
            if longest.map({ gap.duration > $0.duration }) ?? true { longest = gap }
        }
        return longest
    }
}

/// The time without an acknowledged commit.
public struct Outage: Hashable, Sendable {
    public let lastBefore: WriteRecord
    public let firstAfter: WriteRecord

    public var duration: Duration { firstAfter.decided - lastBefore.decided }

    public init(lastBefore: WriteRecord, firstAfter: WriteRecord) {
        self.lastBefore = lastBefore
        self.firstAfter = firstAfter
    }
}
