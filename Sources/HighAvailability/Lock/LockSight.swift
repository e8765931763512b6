public import Units

/// One member's view of the lock, from two sources that overtake each other: the watch, and its own writes and live reads.
///
/// - Invariant: the view never goes back behind this agent's own write or live read. The watch shows every version in order,
///   so what it shows before that version is the past.
public struct LockSight: Hashable, Sendable {
    public private(set) var record: LockRecord?
    private var observer: LockObserver
    /// Version of an own write (or live read) the watch has not shown yet; until it does, it shows the past.
    private var awaited: Awaited?
    /// Versions the watch has shown, newest last: an answer with one of them may be older than the view.
    private var shown: [String] = []
    private var listing = Listing.none
    private var wasListed = false

    private enum Listing: Hashable {
        case none, underWay
        /// This agent has learned something since it was asked for.
        case overtaken
    }

    private struct Awaited: Hashable {
        var version: String
        var since: BootInstant
    }

    private static let shownLimit = 32
    /// A relist may have skipped the awaited version; better late than deaf.
    private static let longestDeafness = Duration.seconds(10)

    public init(me: HolderIdentity) {
        observer = LockObserver(me: me)
    }

    /// Takes in a watch event; nil: the object was deleted.
    ///
    /// - Returns: false when the event was passed over, because it shows the past.
    @discardableResult
    public mutating func watched(_ new: LockRecord?, at now: BootInstant) -> Bool {
        guard let new else {
            guard awaited == nil else { return false }
            return take(nil, at: now)
        }
        if let awaited {
            guard new.version == awaited.version || now - awaited.since > Self.longestDeafness else { return false }
            self.awaited = nil
        }
        // Only what was taken: a version that was passed over may be newer than the view, and an answer with it is news.
        note(new.version)
        return take(new, at: now)
    }

    /// A list is about to be asked for.
    public mutating func willList() {
        listing = .underWay
    }

    /// Takes in a list.
    ///
    /// - Returns: false when this agent has written or read the lock since the list was asked for, which may lack that: it is
    ///   passed over, and has to be asked for again. The first one is always taken.
    @discardableResult
    public mutating func listed(_ new: LockRecord?, at now: BootInstant) -> Bool {
        let isLate = listing == .overtaken && wasListed
        listing = .none
        guard !isLate else { return false }
        wasListed = true
        awaited = nil
        if let new { note(new.version) }
        let isTaken = take(new, at: now)
        // A list comes after a time in which nothing was seen.
        observer.noteGap(at: now)
        return isTaken
    }

    /// Takes in the answer of an own write or a live read. It makes nobody the holder.
    ///
    /// - Returns: false when the watch was faster than the answer and has gone on since.
    @discardableResult
    public mutating func answered(_ new: LockRecord?, at now: BootInstant) -> Bool {
        if listing == .underWay { listing = .overtaken }
        let isKnown = new?.version == record?.version
        let isPast = new.map { !isKnown && shown.contains($0.version) } ?? false
        if !isPast {
            if let new, !isKnown { awaited = Awaited(version: new.version, since: now) }
            take(new, at: now)
        }
        return !isPast
    }

    /// This agent's own write of the record makes it the holder, unless another has been seen since.
    public mutating func confirmOwnership(of written: LockRecord, until: BootInstant) {
        guard record?.identity == written.identity, record?.epoch == written.epoch else { return }
        observer.confirmOwnership(until: until)
    }

    /// The lock is known not to be ours, whatever the view still shows.
    public mutating func relinquish() {
        observer.relinquish()
    }

    /// - Parameters:
    ///   - ttl: how long a record without a ttl of its own holds.
    ///   - holder: the member that carries the holder's name, as the Pods show it.
    public mutating func standing(at now: BootInstant, ttl: Duration, holder: Member?) -> LockStanding {
        observer.observe(holder: holder, at: now)
        return observer.standing(at: now, ttl: ttl, holder: holder)
    }

    /// The standing of a record that was read live, on which an acquisition is to be decided.
    ///
    /// - Returns: nil when the view shows another version, older or newer: a judgement of the one is none of the other.
    public mutating func standing(
        of read: LockRecord?, at now: BootInstant, ttl: Duration, holder: Member?
    ) -> LockStanding? {
        guard record?.version == read?.version else { return nil }
        return standing(at: now, ttl: ttl, holder: holder)
    }

    /// Name of the member whose end is to be watched for: the holder, or that of an object that has vanished.
    public var watchedHolder: String? { observer.watchedHolder }

    /// The last sign of life of whoever holds the lock, or held it last; see ``LockObserver/lastSign``.
    public var lastSign: BootInstant? { observer.lastSign }

    /// When a lock held by another expires if nothing changes; nil when that is not what we wait for.
    public func expiry(ttl: Duration) -> BootInstant? { observer.expiry(ttl: ttl) }

    /// Whether `new` renews what is in view, in time, and nobody has to know but who waits for its end.
    public func isRoutine(_ new: LockRecord, at now: BootInstant) -> Bool { observer.isRoutine(new, at: now) }

    // MARK: Failsafe; see ``LockObserver``

    /// The leader this member has promised not to replace yet.
    public func failsafeLeader(at now: BootInstant) -> String? { observer.failsafeLeader(at: now) }

    public mutating func answer(
        _ request: FailsafeRequest, isPrimary: Bool, sealedFor: Int64?, ttl: Duration, at now: BootInstant
    ) -> FailsafeAnswer {
        observer.answer(request, isPrimary: isPrimary, sealedFor: sealedFor, ttl: ttl, at: now)
    }

    public mutating func beginAcquisition(
        over read: LockRecord?, listIsGone: Bool, ttl: Duration, holder: Member?, at now: BootInstant
    ) -> String? {
        observer.observe(holder: holder, at: now)
        return observer.beginAcquisition(over: read, listIsGone: listIsGone, ttl: ttl, holder: holder, at: now)
    }

    public mutating func isBarred(existing: Set<String>, ttl: Duration, holder: Member?, at now: BootInstant) -> Bool {
        observer.observe(holder: holder, at: now)
        return observer.isBarred(existing: existing, ttl: ttl, holder: holder, at: now)
    }

    public mutating func acquisitionSettled() {
        observer.acquisitionSettled()
    }

    /// Nothing unless the lock is this agent's own in this epoch.
    public mutating func moveOwnershipEnd(epoch: Int64, to until: BootInstant) {
        guard let record, record.epoch == epoch || !record.hasReadableEpoch else { return }
        observer.moveOwnershipEnd(to: until)
    }

    @discardableResult
    private mutating func take(_ new: LockRecord?, at now: BootInstant) -> Bool {
        record = new
        observer.observe(new, at: now)
        return true
    }

    private mutating func note(_ version: String) {
        shown.append(version)
        if shown.count > Self.shownLimit { shown.removeFirst() }
    }
}
