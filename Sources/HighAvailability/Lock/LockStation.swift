public import Units

/// One member's part in the lock: what it sees of it, what it holds, what it has promised, and what it is writing.
///
/// A value without a clock and without I/O. Its one owner hands it what happens and does what the answer says, in the order it
/// is said, in one step that nobody can look into from outside. The agent's owner is `LockDesk`; the simulation, its explorer
/// and the walks of the tests run the same value in the same way.
///
/// - Invariant: nobody learns here that the lock is held until an instant before init was given that instant. Whatever could
///   make this member believe more than it did, or for another time, only *asks* first (``LockDirective/fence(_:)``) and puts
///   the belief aside; ``isTold()`` takes it up, ``isDeaf()`` throws it away and the lock with it, and so does everything that
///   ends the lock meanwhile. An owner that freezes on the way leaves a fence without a holder, never a holder without a
///   fence. A standby leader alone goes without one; see ``Fence``.
public struct LockStation: Hashable, Sendable {
    /// A write that was asked for and not answered yet.
    public enum Attempt: Hashable, Sendable {
        /// Takes the lock over exactly this record; nil: there is none.
        case acquisition(over: LockRecord?)
        /// Renews it over this record.
        case renewal(of: LockRecord)
        /// Lets it go, after the server was stopped.
        case release(of: LockRecord)
    }

    /// What init knows of this member.
    public enum Fence: Hashable, Sendable {
        /// No deadline.
        case lowered
        /// It may have a deadline in force, or one that has passed: then it kills what is started in the data directory.
        case raised
        /// No deadline, though the lock may be held: what runs here is a standby and stays one. It ends with the reign.
        case relaxed
    }

    /// What becomes true when init has done what it was asked for.
    private enum Pending: Hashable, Sendable {
        /// The lock is held like this, and the sight shows it so.
        case belief(LockKeeping, Belief, then: [LockDirective])
        case lowering
        case relaxing
        case requiring
    }

    private enum Belief: Hashable, Sendable {
        /// An own write has made this agent the holder.
        case holder(of: LockRecord, until: BootInstant)
        /// The end of a lock that is held moves.
        case end(epoch: Int64, until: BootInstant)
    }

    /// The Pods that carry the names of the cluster's members, as the watch shows them.
    public var members: [String: Member] = [:]
    public private(set) var fence: Fence
    /// The write that is under way; nil once its outcome is known, or known to stay unknown.
    public private(set) var attempt: Attempt?

    var sight: LockSight
    private(set) var keeping = LockKeeping()
    /// Epoch promised to a candidate: no older leader is vouched for.
    var sealedEpoch: Int64?
    private var pending: Pending?

    /// - Parameter fence: what an earlier life of this agent may have left in init.
    public init(me: HolderIdentity, fence: Fence = .lowered) {
        sight = LockSight(me: me)
        self.fence = fence
    }

    /// The lock this agent holds and when that ends; nil: none.
    public var held: LockKeeping.Held? { keeping.held }
    /// How the lock ended that was held last; nil while one is held, and before the first.
    public var end: LockEnd? { keeping.end }

    /// The store shows another failsafe list than the one wanted, and the last attempt to write it is a while ago.
    public func hasNews(_ list: FailsafeList?, at now: BootInstant) -> Bool { keeping.hasNews(list, at: now) }

    // MARK: One step

    /// Tells init what the station asks for, and the station what init says, until only the owner's part is left.
    ///
    /// - Parameter tell: hands init an order; false: it could not be told, and what it knew stays in force.
    /// - Returns: what else is to be done, in this order. No order to init is among it.
    public mutating func settle(
        _ directives: [LockDirective], telling tell: (FenceOrder) -> Bool
    ) -> [LockDirective] {
        var waiting = directives[...]
        var rest: [LockDirective] = []
        while let next = waiting.popFirst() {
            if case .fence(let order) = next {
                waiting = ((tell(order) ? isTold() : isDeaf()) + waiting)[...]
            } else {
                rest.append(next)
            }
        }
        return rest
    }

    /// init has done what it was asked for last.
    public mutating func isTold() -> [LockDirective] {
        defer { pending = nil }
        switch pending {
        case nil, .requiring:
            return []
        case .belief(let next, let belief, let then):
            keeping = next
            switch belief {
            case .holder(let record, let until): sight.confirmOwnership(of: record, until: until)
            case .end(let epoch, let until): sight.moveOwnershipEnd(epoch: epoch, to: until)
            }
            return [.tell] + then
        case .lowering:
            if fence == .raised { fence = .lowered }
            return []
        case .relaxing:
            fence = .relaxed
            return []
        }
    }

    /// init could not be told: nothing may lead here, and the deadline it knows stays in force.
    public mutating func isDeaf() -> [LockDirective] {
        defer { pending = nil }
        switch pending {
        case nil, .lowering, .relaxing, .requiring:
            return []
        case .belief:
            attempt = nil
            return endReign { $0.lost() }
        }
    }

    /// Asks init for a deadline; the belief waits for its answer.
    private mutating func ask(
        _ until: BootInstant, before next: LockKeeping, _ belief: Belief, then: [LockDirective]
    ) -> [LockDirective] {
        pending = .belief(next, belief, then: then)
        guard fence != .relaxed else { return isTold() }
        // Also when it cannot be told: it may have heard.
        fence = .raised
        return [.fence(.arm(until: until))]
    }

    /// The lock ends here, and with it what waited for init.
    private mutating func endReign(_ end: (inout LockKeeping) -> Void) -> [LockDirective] {
        end(&keeping)
        pending = nil
        sight.relinquish()
        return [.tell]
    }

    /// When the next heartbeat is due; nil: none, as no lock is held. See ``LockKeeping/nextBeat(leaving:at:)``.
    public func nextBeat(leaving list: FailsafeList?, at now: BootInstant) -> BootInstant? {
        keeping.nextBeat(leaving: list, at: now)
    }

    /// When the members are to be asked next; nil: not before the next command. See ``LockKeeping/nextRound(at:)``.
    public func nextRound(at now: BootInstant) -> BootInstant? { keeping.nextRound(at: now) }

    // MARK: Taking and keeping

    /// Wants to take the lock over exactly this record, which was read live; see ``FailsafePledge``.
    ///
    /// - Parameter listIsGone: no Pod of the record's failsafe list exists any more.
    /// - Returns: the write, or why there is none.
    public mutating func beginAcquisition(
        over record: LockRecord?, listIsGone: Bool, at now: BootInstant, _ timings: Timings
    ) -> [LockDirective] {
        if let problem = sight.beginAcquisition(
            over: record, listIsGone: listIsGone, ttl: timings.ttl, holder: watchedHolder, at: now)
        {
            return [.say(.refused(problem))]
        }
        // Each reign begins fenced, whatever becomes of it.
        if fence == .relaxed { fence = .lowered }
        return write(.acquisition(over: record), until: now + timings.retryTimeout)
    }

    /// The heartbeat: to be asked when it is due; see ``nextBeat(leaving:at:)``.
    ///
    /// - Parameters:
    ///   - mayRenew: the server is healthy, or is being brought up within its time.
    ///   - list: who is to be recorded beside the lock; a changed one is written out of turn.
    public mutating func beat(
        at now: BootInstant, mayRenew: Bool, leaving list: FailsafeList?, _ timings: Timings
    ) -> [LockDirective] {
        let isNews = mayRenew && keeping.hasNews(list, at: now)
        let step = isNews ? keeping.renew(at: now, timings) : keeping.beat(at: now, mayRenew: mayRenew, timings)
        return follow(step, leaving: list, at: now, timings)
    }

    /// A renewal out of turn, to publish something.
    public mutating func renew(
        at now: BootInstant, leaving list: FailsafeList?, _ timings: Timings
    ) -> [LockDirective] {
        follow(keeping.renew(at: now, timings), leaving: list, at: now, timings)
    }

    /// Wants to let the lock go. Only after every process of the data directory is gone.
    ///
    /// - Returns: the write; nothing when no lock is held. Its end, whatever it is, is ``released()``.
    public mutating func beginRelease(at now: BootInstant, _ timings: Timings) -> [LockDirective] {
        guard let record = keeping.held?.record else { return [] }
        return write(.release(of: record), until: now + timings.retryTimeout)
    }

    private mutating func write(_ attempt: Attempt, until deadline: BootInstant) -> [LockDirective] {
        self.attempt = attempt
        return [.write(attempt, deadline: deadline)]
    }

    private mutating func follow(
        _ step: LockKeeping.Step, leaving list: FailsafeList?, at now: BootInstant, _ timings: Timings
    ) -> [LockDirective] {
        switch step {
        case .rest:
            return []
        case .withhold:
            return [.say(.withheld)]
        case .giveUp:
            return [.say(.ranOut)] + endReign { _ in }
        case .renew(let record, let deadline):
            // A shorter ttl may land without an answer: from before the write on this holder believes in no longer one.
            var next = keeping
            let end = next.willRenew(leaving: list, at: now, timings)
            let renewal = write(.renewal(of: record), until: deadline)
            guard let end else {
                keeping = next
                return renewal
            }
            return ask(end, before: next, .end(epoch: record.epoch, until: end), then: renewal)
        }
    }

    // MARK: What became of a write

    /// An acquisition or a renewal has landed.
    ///
    /// - Parameters:
    ///   - sentAt: when it was sent first; everything counts from there.
    ///   - timings: what it carries.
    /// - Returns: ``LockDirective/hold`` at last, unless init cannot be told. Nothing for a renewal that is answered after the
    ///   lock was lost, and for a write that nobody waits for.
    public mutating func landed(
        _ record: LockRecord, sentAt: BootInstant, _ timings: Timings
    ) -> [LockDirective] {
        defer { attempt = nil }
        switch attempt {
        case nil, .release: return []
        case .acquisition: sight.acquisitionSettled()
        case .renewal: guard keeping.mayConfirmRenewal else { return [] }
        }
        let until = LockKeeping.end(ofWriteSentAt: sentAt, timings)
        var next = keeping
        next.confirmed(record, sentAt: sentAt, timings)
        return ask(until, before: next, .holder(of: record, until: until), then: [.hold])
    }

    /// It has not landed and never will: a live read shows another holder, or none.
    public mutating func lost() -> [LockDirective] {
        defer { attempt = nil }
        switch attempt {
        case nil, .release:
            return []
        case .acquisition:
            sight.acquisitionSettled()
            return []
        case .renewal:
            return endReign { $0.lost() }
        }
    }

    /// Its outcome stays unknown. A renewal is tried again until the fence falls; an acquisition may still land, so that no
    /// other leader gets a promise from here.
    public mutating func outcomeIsUnknown(at now: BootInstant) -> [LockDirective] {
        defer { attempt = nil }
        switch attempt {
        case nil, .acquisition, .release:
            return []
        case .renewal:
            guard case .giveUp = keeping.outcomeIsUnknown(at: now) else { return [] }
            return [.say(.ranOut)] + endReign { _ in }
        }
    }

    /// A release is over, whatever came of it: the server is stopped, and a lock that was not let go runs out by itself.
    public mutating func released() -> [LockDirective] {
        guard case .release = attempt else { return [] }
        attempt = nil
        return endReign { $0.relinquish() }
    }

    // MARK: By consent; see ``judgeFailsafe(_:me:agreed:rule:)``

    /// The round of questions that is due, if one is.
    ///
    /// - Requires: its end is told to ``ended(_:_:at:)``; there is no other before.
    public mutating func beginRound(at now: BootInstant, mayRenew: Bool, _ timings: Timings) -> FailsafeRound? {
        keeping.beginRound(at: now, mayRenew: mayRenew, timings)
    }

    /// Takes in how a round went.
    ///
    /// - Returns: ``LockDirective/hold`` at last if this agent stays the holder by it.
    public mutating func ended(
        _ round: FailsafeRound, _ verdict: FailsafeVerdict, at now: BootInstant
    ) -> [LockDirective] {
        var next = keeping
        let until = next.ended(round, verdict, at: now)
        let hold: [LockDirective] = verdict == .stay && next.held?.isByConsent == true ? [.hold] : []
        guard let until, let epoch = next.held?.record.epoch else {
            keeping = next
            return hold
        }
        return ask(until, before: next, .end(epoch: epoch, until: until), then: hold)
    }

    /// A member has seen this reign in the store: as good as a live read of one's own.
    ///
    /// - Returns: nothing unless that ended this agent's own reign just now.
    public mutating func hasEnded(bySightOf seen: Reign) -> [LockDirective] {
        guard keeping.hasEnded(bySightOf: seen) else { return [] }
        return endReign { _ in }
    }

    // MARK: The fence of what holds nothing, or takes no writes

    /// Takes the fence down, because nothing of this member needs one: its server is stopped, or about to run as a standby.
    ///
    /// A lock that is held keeps its fence. One step with the confirmation of renewals: an answer that is late would make
    /// this member the holder between a look at the lock and the message to init, and leave it one without a deadline.
    public mutating func lowerFence(at now: BootInstant) -> [LockDirective] {
        let news = endIfOver(at: now)
        guard keeping.held == nil else { return news }
        pending = .lowering
        return news + [.fence(.disarm)]
    }

    /// Takes the fence down under a lock that is held, for a leader that takes no writes: a standby leader.
    public mutating func relaxFence() -> [LockDirective] {
        pending = .relaxing
        return [.fence(.disarm)]
    }

    /// Puts the fence up again, before what runs here may become a primary.
    ///
    /// - Returns: ``LockNotice/notHeld`` when there is no lock to fence by.
    public mutating func requireFence(at now: BootInstant) -> [LockDirective] {
        let news = endIfOver(at: now)
        guard let held = keeping.held else { return news + [.say(.notHeld)] }
        pending = .requiring
        fence = .raised
        return news + [.fence(.arm(until: held.until))]
    }

    private mutating func endIfOver(at now: BootInstant) -> [LockDirective] {
        keeping.endIfOver(at: now) ? endReign { _ in } : []
    }
}
