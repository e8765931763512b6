public import Units

/// A promotion and the election that led to it, until the new leader's first write has gone through.
///
/// Every instant is of the new leader's own clock: nobody's clock is compared with another's.
public struct Takeover: Hashable, Sendable {
    /// How the lock came to be this member's.
    public struct Election: Hashable, Sendable {
        public let silentSince: BootInstant
        public let vacantSince: BootInstant
        public let wonAt: BootInstant

        /// - Parameters:
        ///   - silentSince: the last sign of life of the former holder, as this member saw it.
        ///   - vacantSince: when this member first found the lock free; nil: not before it took it. One from before the last
        ///     sign of life is of an earlier vacancy, which ended unseen.
        public init(silentSince: BootInstant, vacantSince: BootInstant?, wonAt: BootInstant) {
            self.silentSince = min(silentSince, wonAt)
            self.vacantSince = min(max(vacantSince ?? wonAt, silentSince), wonAt)
            self.wonAt = wonAt
        }
    }

    /// How a write ended.
    public enum WriteEnd: Hashable, Sendable, CaseIterable {
        case committed
        /// Another one can be tried.
        case failed
        /// It has not returned in ``patience``, and may wait in the server yet. Another one would wait beside it.
        case overdue
    }

    private enum Writing: Hashable, Sendable {
        case due
        case underWay
        case done(at: BootInstant)
        case givenUp
    }

    /// How long the first write is waited for.
    public static let patience = Duration.seconds(3600)

    /// The one that was begun.
    public let timeline: Timeline
    public let election: Election
    public let promotedAt: BootInstant
    private var writing = Writing.due

    public init(_ election: Election, promotedAt: BootInstant, timeline: Timeline) {
        self.election = election
        self.promotedAt = promotedAt
        self.timeline = timeline
    }

    /// - Returns: whether the first write is to be made now.
    public mutating func beginWrite() -> Bool {
        guard case .due = writing else { return false }
        writing = .underWay
        return true
    }

    public mutating func endWrite(_ end: WriteEnd, at now: BootInstant) {
        guard case .underWay = writing else { return }
        writing =
            switch end {
            case .committed: .done(at: now)
            case .failed: .due
            case .overdue: .givenUp
            }
    }

    /// nil before the first write has gone through.
    public var phases: TakeoverPhases? {
        switch writing {
        case .due, .underWay, .givenUp: nil
        case .done(let writtenAt):
            TakeoverPhases(
                timeline: timeline, silence: election.vacantSince - election.silentSince,
                election: election.wonAt - election.vacantSince, promotion: promotedAt - election.wonAt,
                firstWrite: writtenAt - promotedAt)
        }
    }
}
