public import Units

/// What this member sees of the lock; see ``LockSight``.
extension LockStation {
    /// The newest version of the lock this member has seen.
    public var record: LockRecord? { sight.record }

    /// Takes in a watch event; nil: the object was deleted.
    ///
    /// - Returns: false when the event was passed over, because it shows the past.
    @discardableResult
    public mutating func watched(_ new: LockRecord?, at now: BootInstant) -> Bool {
        sight.watched(new, at: now)
    }

    /// Whether what the watch or an answer shows is a reason for this member to look again before its heartbeat.
    ///
    /// Not what is in view already, nor a renewal in time that says nothing else. A renewal of this agent's own that is under way
    /// shows itself twice, here and by its outcome, which is the one that counts.
    ///
    /// - Requires: to be asked before it is taken in.
    public func isNews(_ new: LockRecord?, at now: BootInstant) -> Bool {
        guard let new else { return true }
        if new == sight.record || sight.isRoutine(new, at: now) { return false }
        guard case .renewal(let base) = attempt, keeping.mayConfirmRenewal else { return true }
        return new.identity != base.identity || new.epoch != base.epoch
    }

    /// Whether this confirmation of an own renewal moves the end of the lock and nothing else, long before that would come.
    public func isRoutine(_ record: LockRecord, at now: BootInstant, _ timings: Timings) -> Bool {
        guard let held = keeping.held, !held.isByConsent else { return false }
        // Whoever has looked since the one before looks again in time.
        return record.isRenewal(of: held.record) && held.until - now > timings.loopWait * 2
    }

    /// A list is about to be asked for.
    public mutating func willList() {
        sight.willList()
    }

    /// Takes in a list.
    ///
    /// - Returns: false when it may lack what this agent has learned since it was asked for: it has to be asked for again.
    @discardableResult
    public mutating func listed(_ new: LockRecord?, at now: BootInstant) -> Bool {
        sight.listed(new, at: now)
    }

    /// Takes in the answer of an own write or a live read. It makes nobody the holder; ``landed(_:sentAt:_:)`` does.
    ///
    /// - Returns: false when the watch was faster than the answer and has gone on since.
    @discardableResult
    public mutating func answered(_ new: LockRecord?, at now: BootInstant) -> Bool {
        sight.answered(new, at: now)
    }

    /// - Parameter ttl: how long a record without a ttl of its own holds.
    public mutating func standing(at now: BootInstant, ttl: Duration) -> LockStanding {
        sight.standing(at: now, ttl: ttl, holder: watchedHolder)
    }

    /// The standing of a record that was read live, on which an acquisition is to be decided.
    ///
    /// - Returns: nil when the view shows another version, older or newer: a judgement of the one is none of the other.
    public mutating func standing(of read: LockRecord?, at now: BootInstant, ttl: Duration) -> LockStanding? {
        sight.standing(of: read, at: now, ttl: ttl, holder: watchedHolder)
    }

    /// When a lock held by another expires if nothing changes; nil when that is not what we wait for.
    public func expiry(ttl: Duration) -> BootInstant? { sight.expiry(ttl: ttl) }

    /// The last sign of life of whoever holds the lock, or held it last; see ``LockObserver/lastSign``.
    public var lastSign: BootInstant? { sight.lastSign }

    /// What this member has seen last in the lock.
    public var reign: Reign? { sight.record.flatMap { Reign($0) } }

    /// The reign by which this agent holds the lock now; nil when it does not.
    public mutating func ownReign(at now: BootInstant, ttl: Duration) -> Reign? {
        standing(at: now, ttl: ttl).isMine ? reign : nil
    }

    /// The member whose end is watched for, as the Pods show it.
    var watchedHolder: Member? { sight.watchedHolder.flatMap { members[$0] } }
}
