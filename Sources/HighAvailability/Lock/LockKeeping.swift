public import Units

/// Keeps a lock that was taken: when to renew it, how long to believe in it, when to give it up.
///
/// A value without a clock: ``LockStation``, whose part it is, says what time it is and what became of each write.
///
/// - Invariant: ``Held/until`` counts from when the write was *sent*, never from when it was answered, so that it ends before
///   any other member's count of the ttl can.
public struct LockKeeping: Hashable, Sendable {
    /// A lock this agent has confirmed as its own.
    public struct Held: Hashable, Sendable {
        public var record: LockRecord
        /// The fence falls here, and here the holder stops believing.
        public var until: BootInstant
        public var nextRenewal: BootInstant
        /// Everybody a stored failsafe list may show: the confirmed one, and those of writes whose outcome is not known.
        var listed: FailsafeList
        /// When to ask the members whether this holder may stay; nil while they are being asked.
        public internal(set) var nextRound: BootInstant?
        /// They agreed since the last confirmed write.
        public internal(set) var isByConsent = false
        /// When to write a changed list out of turn again.
        var nextAnnouncement: BootInstant
        /// How often the end was brought nearer by a shorter ttl.
        var generation = 0
        /// Of all timings a stored record may carry, those that protect its holder for the shortest time: the confirmed ones,
        /// and those of writes whose outcome is not known.
        var shortest: Timings
    }

    /// What to do now.
    public enum Step: Hashable, Sendable {
        /// Nothing is due, or nothing is held.
        case rest
        /// A renewal is due and may not be made, because PostgreSQL is not healthy.
        case withhold
        /// Renew over this record; past the deadline the outcome is of no use any more.
        case renew(over: LockRecord, deadline: BootInstant)
        /// The lock has run out. init's fence falls at the same moment; the agent stops believing.
        case giveUp
    }

    public internal(set) var held: Held?
    /// How the lock ended that was held last; nil while one is held, and before the first.
    public private(set) var end: LockEnd?

    public init() {}

    /// When a write sent at `sentAt` stops protecting its holder.
    public static func end(ofWriteSentAt sentAt: BootInstant, _ timings: Timings) -> BootInstant {
        sentAt + timings.fenceDelay
    }

    /// When the next heartbeat has something to do; nil: nothing is held.
    ///
    /// - Parameter list: the one wanted; while the store shows another one, it is to be written.
    public func nextBeat(leaving list: FailsafeList?, at now: BootInstant) -> BootInstant? {
        guard let held else { return nil }
        let next = min(held.nextRenewal, held.until, list == held.record.failsafe ? held.until : held.nextAnnouncement)
        return Self.later(next, at: now)
    }

    /// What is due and was not done, because PostgreSQL is not healthy, is tried again soon.
    static func later(_ instant: BootInstant, at now: BootInstant) -> BootInstant {
        instant > now ? instant : now + pauseWhileDue
    }

    /// The heartbeat: to be asked when it is due.
    ///
    /// - Parameter mayRenew: the server is healthy, or is being brought up within its time.
    public mutating func beat(at now: BootInstant, mayRenew: Bool, _ timings: Timings) -> Step {
        guard let held, now >= held.nextRenewal else { return .rest }
        if mayRenew || now >= held.until { return renew(at: now, timings) }
        return .withhold
    }

    /// A renewal out of turn, to publish something.
    public mutating func renew(at now: BootInstant, _ timings: Timings) -> Step {
        if endIfOver(at: now) { return .giveUp }
        guard let held else { return .rest }
        return .renew(over: held.record, deadline: min(held.until, now + timings.retryTimeout))
    }

    /// An acquisition or a renewal has landed, and the fence is armed.
    public mutating func confirmed(_ record: LockRecord, sentAt: BootInstant, _ timings: Timings) {
        held = Held(
            record: record, until: Self.end(ofWriteSentAt: sentAt, timings), nextRenewal: sentAt + timings.loopWait,
            listed: record.failsafe ?? FailsafeList(),
            nextRound: sentAt + timings.loopWait + timings.retryTimeout / 2, nextAnnouncement: sentAt, shortest: timings
        )
        end = nil
    }

    /// Whether a renewal that has landed may still be confirmed: it may have landed before the lock was lost, and be answered
    /// after that was learned.
    public var mayConfirmRenewal: Bool { end != .lost }

    /// A renewal's outcome is unknown: the lock is ours until the fence says otherwise, so ask again soon.
    ///
    /// - Returns: ``Step/giveUp`` when there is no time left for that.
    public mutating func outcomeIsUnknown(at now: BootInstant) -> Step {
        if endIfOver(at: now) { return .giveUp }
        guard let held else { return .rest }
        self.held?.nextRenewal = now + Self.pauseAfterUnknown
        if let round = held.nextRound { self.held?.nextRound = min(round, now) }
        return .rest
    }

    /// Ends a lock whose time is over, without waiting for the next heartbeat to find that out.
    ///
    /// - Returns: whether it ended just now.
    public mutating func endIfOver(at now: BootInstant) -> Bool {
        guard let held, now >= held.until else { return false }
        self.held = nil
        end = .ranOut
        return true
    }

    /// Another holder was seen in the store, or nobody: nothing overrides that.
    public mutating func lost() {
        held = nil
        end = .lost
    }

    /// The lock was let go, after the server was stopped.
    public mutating func relinquish() {
        held = nil
        end = nil
    }

    private static let pauseAfterUnknown = Duration.milliseconds(200)
    private static let pauseWhileDue = Duration.milliseconds(100)
}

/// How a lock ended that its holder did not let go.
public enum LockEnd: Codable, Hashable, Sendable {
    /// It could not be renewed, and the members did not agree that its holder stays.
    case ranOut
    /// A live read showed another holder, or none; or a member has seen that.
    case lost
}
