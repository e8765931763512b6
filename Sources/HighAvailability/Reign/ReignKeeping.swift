public import Units

/// What this member knows of its own reign: on what it was elected, which timeline it has begun, and what of that the store
/// was not told yet.
///
/// A reign is begun anew by ``take(_:isByRequest:)``, which leaves some of the former one: a timeline this primary still
/// writes on, and what its promotion may have cost, are to be told by whichever reign gets to it.
public struct ReignKeeping: Hashable, Sendable {
    /// A timeline, and the switch that began it, which the store's history ends with.
    public struct Beginning: Hashable, Sendable {
        public var timeline: Timeline
        public var change: TimelineSwitch

        public init(timeline: Timeline, change: TimelineSwitch) {
            self.timeline = timeline
            self.change = change
        }
    }

    /// Record this member's election was decided on; nil when it was not elected in this life of the agent, and once that has
    /// had its effect.
    public var electedOver: SynchronousState?
    /// The lock as this member found it when it took it; nil when it has not in this life of the agent.
    public private(set) var takenLock: TakenLock?
    /// It took the lock as the named heir, or as the candidate of a request; false again once it leads.
    public private(set) var isElectedByRequest = false
    /// Of the timeline this primary writes on. Nil on the first one, which no switch began, and until the switch of another is
    /// known.
    public var begun: Beginning?
    /// What that promotion may have cost, until the store knows.
    public private(set) var unannouncedLoss: FailoverLoss?
    public private(set) var hasCheckpointSincePromotion = true
    private var isCheckpointing = false
    /// When this member first found the lock free; nil while it is not, and once it is this member's.
    private var vacantSince: BootInstant?
    /// What the next promotion of this member rests on; nil when it has not taken the lock since the last one, and when it never
    /// saw who held it before.
    private var election: Takeover.Election?
    /// The promotion that began the timeline this agent has promoted its server to last, by an election it knows of.
    public private(set) var takeover: Takeover?
    /// No standby any more and no leader yet: no Service leads here.
    public var isRouteWithdrawn = false
    /// What the promotion of this elected member waits for; nil while it does not take long, and once it streams or leads.
    public var promotionProblem: String?

    public init() {}

    /// The lock was looked at.
    public mutating func look(_ lock: LockStanding, at now: BootInstant) {
        guard !lock.isMine else { return }
        vacantSince = lock.isFree ? vacantSince ?? now : nil
    }

    /// An attempt at the lock begins.
    public mutating func noteAttempt() { isElectedByRequest = false }

    /// The lock is this member's.
    ///
    /// - Parameters:
    ///   - former: the lock it was taken over.
    ///   - silentSince: the last sign of life of who held it; nil when this member has seen none.
    public mutating func take(
        _ former: TakenLock, isByRequest: Bool, silentSince: BootInstant?, at now: BootInstant
    ) {
        isElectedByRequest = isByRequest
        takenLock = former
        election = silentSince.map {
            Takeover.Election(silentSince: $0, vacantSince: vacantSince, wonAt: now)
        }
        vacantSince = nil
        hasCheckpointSincePromotion = true
    }

    /// The server was started as the primary it was, on the timeline it had.
    public mutating func noteStart() {
        hasCheckpointSincePromotion = true
        begun = nil
        // Nobody was promoted by it.
        election = nil
    }

    /// The server is asked to promote.
    public mutating func notePromotion() { hasCheckpointSincePromotion = false }

    /// Recovery has ended.
    ///
    /// - Parameters:
    ///   - loss: nil when a promotion of this kind can cost nothing.
    ///   - promotedAt: nil when it led a standby cluster before: nobody was taken over from.
    public mutating func begin(_ beginning: Beginning, loss: FailoverLoss?, promotedAt: BootInstant?) {
        begun = beginning
        unannouncedLoss = loss
        takeover = promotedAt.flatMap { promotedAt in
            election.map { Takeover($0, promotedAt: promotedAt, timeline: beginning.timeline) }
        }
        election = nil
    }

    /// - Returns: the timeline the first write of a takeover is to be made on now; nil when there is none to be made.
    public mutating func beginFirstWrite() -> Timeline? {
        guard takeover?.beginWrite() == true else { return nil }
        return takeover?.timeline
    }

    /// - Parameter timeline: the one it was begun on; by now another promotion may have begun another.
    public mutating func endFirstWrite(_ end: Takeover.WriteEnd, on timeline: Timeline, at now: BootInstant) {
        guard takeover?.timeline == timeline else { return }
        takeover?.endWrite(end, at: now)
    }

    /// Where the time of the takeover went that began this timeline; nil when it is not known, or not yet.
    public func phases(on timeline: Timeline) -> TakeoverPhases? {
        takeover.flatMap { $0.timeline == timeline ? $0.phases : nil }
    }

    /// The store knows of the promotion, or of a later one.
    public mutating func noteAnnounced() { unannouncedLoss = nil }

    /// It leads: what it was elected for is done.
    public mutating func noteOffice() { isElectedByRequest = false }

    /// - Returns: whether the checkpoint that a rewind waits for is to be written now.
    public mutating func beginCheckpoint() -> Bool {
        guard !hasCheckpointSincePromotion, !isCheckpointing else { return false }
        isCheckpointing = true
        return true
    }

    public mutating func endCheckpoint(isDone: Bool) {
        isCheckpointing = false
        if isDone { hasCheckpointSincePromotion = true }
    }
}
