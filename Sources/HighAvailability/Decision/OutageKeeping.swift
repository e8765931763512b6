public import Units

/// What a leader knows of being without a primary: since when, and when it asks again who could take over.
///
/// It ends as a whole, by ``end()``, when the primary has lasted or the lock is another member's business.
public struct OutageKeeping: Hashable, Sendable {
    /// This leader has no running primary, and since when.
    public private(set) var current: PrimaryOutage?
    /// A server this leader has started does not let anybody in yet.
    public private(set) var isComingUp = false
    private var nextLookForSuccessor = BootInstant(nanoseconds: 0)

    public init() {}

    public mutating func end() { self = OutageKeeping() }

    /// The server is a primary again, and has to last.
    public mutating func noteAnswer(_ outage: PrimaryOutage) {
        isComingUp = false
        current = outage
    }

    /// The server is none.
    public mutating func noteMissing(_ outage: PrimaryOutage) { current = outage }

    /// A server was started as a primary, and lets nobody in yet.
    public mutating func noteComingUp() { isComingUp = true }

    /// A start or a promotion has ended before the server let anybody in; it counts while there is an outage.
    public mutating func noteFailedStart() { current?.failedStarts += 1 }

    /// The server was asked to promote, and has replayed so far.
    public mutating func noteReplay(_ position: LSN, at now: BootInstant) { current?.noteReplay(position, at: now) }

    /// Whether the others are to be asked who could take over.
    public func isLookDue(at now: BootInstant) -> Bool { nextLookForSuccessor <= now }

    /// They were asked. The outage may have ended meanwhile; then nobody is the successor of anybody.
    public mutating func noteSuccessor(_ name: String?, nextLook: BootInstant) {
        nextLookForSuccessor = nextLook
        current?.successor = name
    }
}
