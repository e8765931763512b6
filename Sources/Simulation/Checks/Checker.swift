/// What must hold, by the names of the design.
public enum Invariant: String, Sendable, CaseIterable {
    case acknowledgedAfterPromotion = "G1"
    case acknowledgedCommitLost = "G2"
    case falseFailover = "G3"
    case twoHolders = "one holder"
    case notWhole = "G5"
    case twoBootstraps = "one bootstrap"
    case dataIsKept = "data is moved aside"
    case promotionWithoutLock = "no promotion without the lock"
    case plannedLoss = "planned changes lose nothing"
    case timelineCollision = "one course per timeline"
    case synchronousSet = "synchronous set"
    case routeWentBack = "the route goes on"
}

public struct Violation: Sendable, Hashable {
    public var invariant: Invariant
    public var text: String
    /// Microseconds of true time.
    public var time: Int64
}

/// Knows what clients were told, and who leads.
struct Checker {
    struct Acknowledged {
        var branch: Int
        var position: UInt64
        var time: Microseconds
    }

    var violation: Violation?
    private(set) var acknowledged: [Acknowledged] = []
    private(set) var acknowledgements = 0
    /// Acknowledged and not there after a promotion, in asynchronous mode.
    private(set) var lost = 0
    /// Acknowledged by a Pod that stood still as a whole, in the moment between its thaw and its fence.
    var lateAfterThaw = 0
    /// Not there after a promotion somebody asked for at that price.
    var lostByRequest = 0
    /// Rises each time a server begins to be primary.
    private(set) var reign = 0
    private(set) var reigningPod = -1
    var promotions = 0
    var roleChanges = 0
    var bootstraps = 0
    /// Runs that ended without a leader because nobody who may be elected is in the failsafe list.
    var blocked = 0
    /// How often a member agreed that a leader stays.
    var consents = 0
    let isSynchronous: Bool

    init(isSynchronous: Bool) {
        self.isSynchronous = isSynchronous
    }

    mutating func acknowledge(_ branch: Int, _ position: UInt64, at time: Microseconds) {
        acknowledgements += 1
        acknowledged.append(Acknowledged(branch: branch, position: position, time: time))
    }

    /// A server begins to accept writes.
    ///
    /// - Returns: its reign, and the commits it lacks.
    mutating func beginReign(of pod: Int, _ log: WriteAheadLog, _ branch: Int, _ position: UInt64) -> (
        Int, [Acknowledged]
    ) {
        reign += 1
        if reigningPod >= 0, reigningPod != pod { roleChanges += 1 }
        reigningPod = pod
        let missing = acknowledged.filter { !log.contains(branch, position, $0.branch, $0.position) }
        if !missing.isEmpty {
            lost += missing.count
            acknowledged.removeAll { !log.contains(branch, position, $0.branch, $0.position) }
        }
        return (reign, missing)
    }
}
