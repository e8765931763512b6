public import Units

/// One question to every member: may the leader stay? Answers count only together.
public struct FailsafeRound: Hashable, Sendable {
    /// Whom to ask; the leader itself may be among them.
    public var list: FailsafeList
    public var epoch: Int64
    /// What the leader's own record shows.
    public var reign: Reign?
    public var sentAt: BootInstant
    /// What the members are asked to promise, from when they receive it.
    public var ttl: Duration
    /// An answer after it is of no use.
    public var deadline: BootInstant
    /// Until when the leader may stay if they agree.
    public var until: BootInstant
    /// The next round follows this one after it, if this one succeeds.
    var pace: Duration
    /// Of the record and the timings it was begun with.
    var version: String
    var generation: Int
}

/// How a lock that cannot be renewed is kept by the members' consent. See ``judgeFailsafe(_:me:agreed:rule:)`` for why.
extension LockKeeping {
    /// A round is asked again this long after one that failed.
    static let pauseAfterRefusal = Duration.milliseconds(500)

    /// A renewal is about to be sent, which leaves this list.
    ///
    /// From here on the store may show that list, and the ttl of these timings, whatever becomes of the answer: a shorter
    /// ttl brings the end of what was confirmed before nearer at once.
    ///
    /// - Returns: the instant to arm the fence for, when it has moved.
    public mutating func willRenew(leaving list: FailsafeList?, at now: BootInstant, _ timings: Timings) -> BootInstant?
    {
        guard var held else { return nil }
        defer { self.held = held }
        held.listed = held.listed.union(list ?? FailsafeList())
        held.nextAnnouncement = now + .seconds(1)
        if timings.fenceDelay < held.shortest.fenceDelay { held.shortest = timings }
        let end = Self.end(ofWriteSentAt: now, timings)
        guard end < held.until else { return nil }
        held.until = end
        held.generation += 1
        return end
    }

    /// The store shows another list than the one wanted, and the last attempt to write it is a while ago.
    public func hasNews(_ list: FailsafeList?, at now: BootInstant) -> Bool {
        guard let held else { return false }
        return list != held.record.failsafe && now >= held.nextAnnouncement
    }

    /// When the next round is due; nil: none is, as nothing is held, nobody is listed, or one is under way.
    public func nextRound(at now: BootInstant) -> BootInstant? {
        guard let held, let due = held.nextRound, now < held.until, !held.listed.entries.isEmpty else { return nil }
        return Self.later(due, at: now)
    }

    /// The round that is due, if one is: a renewal has come to nothing, or has been under way for half its budget.
    ///
    /// The leader stays no longer than a record in the store would protect it: a member that agreed and was started again has
    /// forgotten that, and counts the ttl it finds there. Timings that were never written are nobody else's.
    ///
    /// - Requires: its end is told to ``ended(_:_:at:)``; there is no other before.
    public mutating func beginRound(at now: BootInstant, mayRenew: Bool, _ timings: Timings) -> FailsafeRound? {
        guard let held, mayRenew, let due = held.nextRound, now >= due, now < held.until, !held.listed.entries.isEmpty
        else { return nil }
        self.held?.nextRound = nil
        let timings = timings.fenceDelay < held.shortest.fenceDelay ? timings : held.shortest
        return FailsafeRound(
            list: held.listed, epoch: held.record.epoch, reign: Reign(held.record), sentAt: now, ttl: timings.ttl,
            deadline: min(held.until, now + timings.retryTimeout), until: Self.end(ofWriteSentAt: now, timings),
            pace: timings.loopWait, version: held.record.version, generation: held.generation)
    }

    /// Takes in how a round went.
    ///
    /// It counts only if the lock is still held, unexpired, over the record the round was begun with: a renewal confirmed
    /// meanwhile says more, with its own list and its own ttl.
    ///
    /// - Returns: the instant to arm the fence for, when the leader may stay longer.
    public mutating func ended(
        _ round: FailsafeRound, _ verdict: FailsafeVerdict, at now: BootInstant
    ) -> BootInstant? {
        guard var held, held.record.version == round.version, held.generation == round.generation, now < held.until
        else {
            if held != nil, held?.nextRound == nil { held?.nextRound = now + Self.pauseAfterRefusal }
            return nil
        }
        defer { self.held = held }
        switch verdict {
        case .stay:
            held.nextRound = round.sentAt + round.pace
            held.isByConsent = true
            guard round.until > held.until else { return nil }
            held.until = round.until
            return round.until
        case .fall:
            held.nextRound = now + Self.pauseAfterRefusal
            return nil
        }
    }

    /// A member that was asked has seen this reign in the store.
    ///
    /// One member's word is enough: what it has seen was written, however old its view is; see ``Reign``.
    ///
    /// - Returns: whether that ended this agent's own reign just now.
    public mutating func hasEnded(bySightOf seen: Reign) -> Bool {
        guard let held, let own = Reign(held.record), own.isOver(bySightOf: seen) else { return false }
        lost()
        return true
    }
}
