public import Units

/// How the lock stands for this member at one instant.
public enum LockStanding: Codable, Hashable, Sendable {
    /// This agent renewed it; valid until the instant unless renewed again.
    case mine(until: BootInstant)
    /// An earlier life of this Pod's agent holds it. That life is over, so it may be taken over at once.
    case mineFromEarlierLife
    /// Another member holds it.
    case held(by: String)
    /// Free, by a holder that let go. Only the heir may take it before the grace is over.
    case released(heir: String?, since: BootInstant)
    /// The holder has not renewed it for its ttl, counted from when *we* first saw its last renewal; or the object has been
    /// gone for that long.
    case expired(holder: String)
    /// The kubelet says that the holder's container has terminated.
    case holderDied(holder: String, since: BootInstant, restartsAtOnce: Bool)
    /// Nobody ever held it, as far as this member has seen.
    case neverTaken

    /// Somebody else may lead, as far as the lock goes.
    public var isFree: Bool {
        switch self {
        case .mine, .held: false
        case .mineFromEarlierLife, .released, .expired, .holderDied, .neverTaken: true
        }
    }

    public var isMine: Bool {
        if case .mine = self { true } else { false }
    }
}

extension LockStanding: CustomStringConvertible {
    /// For logs: who, and since when in words, not in nanoseconds.
    public var description: String {
        switch self {
        case .mine: "mine"
        case .mineFromEarlierLife: "mine from an earlier life"
        case .held(let holder): "held by \(holder)"
        case .released(let heir?, _): "released to \(heir)"
        case .released(nil, _): "released"
        case .expired(let holder): "expired, was \(holder)'s"
        case .holderDied(let holder, _, let restartsAtOnce):
            "held by \(holder), whose container died\(restartsAtOnce ? "" : " and is in back-off")"
        case .neverTaken: "never taken"
        }
    }
}

/// Watches one lock from one member's point of view.
///
/// The record carries no time that anybody compares: a renewal is a *change* of the record, and its age counts from the
/// boot-clock instant at which this member first saw it. A clock step, here or there, moves nothing.
public struct LockObserver: Hashable, Sendable {
    private let me: HolderIdentity
    private var record: LockRecord?
    private var firstSeen = BootInstant(nanoseconds: 0)
    private var deathSeen: Death?
    private var confirmedUntil: BootInstant?
    private var pledge = FailsafePledge()
    /// Objects that were held and vanished, oldest first; seldom more than none.
    private var vanished: [VanishedLock] = []

    private struct Death: Hashable {
        var containerInstance: String
        var at: BootInstant
    }

    public init(me: HolderIdentity) {
        self.me = me
    }

    /// Takes in what a read or a watch event showed at `now`.
    public mutating func observe(_ new: LockRecord?, at now: BootInstant) {
        if new?.identity != record?.identity || new?.renewal != record?.renewal || new?.leader != record?.leader
            || new?.epoch != record?.epoch
        {
            firstSeen = now
        }
        noteVanished(before: new, at: now)
        record = new
        if new?.identity != me { confirmedUntil = nil }
        pledge.observe(new)
    }

    /// An object that is made anew does not make anybody forget the holder of the one before.
    private mutating func noteVanished(before new: LockRecord?, at now: BootInstant) {
        if let record, record.leader != nil, record.isGone(by: new) {
            let ownUntil = record.identity == me ? confirmedUntil.flatMap { now < $0 ? $0 : nil } : nil
            vanished.append(VanishedLock(record: record, since: now, ownUntil: ownUntil))
        }
        vanished.removeAll { former in
            // The same Pod holds the new one, or nobody's ttl is as long as this.
            new?.identity.map { former.record.identity?.isSamePod(as: $0) ?? false } ?? false
                || now - former.since > FailsafeRequest.longestPromise
        }
    }

    /// Whether `new` renews what was seen last while that was in force for long, so that nothing stands otherwise by it.
    public func isRoutine(_ new: LockRecord, at now: BootInstant) -> Bool {
        guard let record, let ttl = record.ttl, new.isRenewal(of: record) else { return false }
        return now - firstSeen < ttl / 2 && pledge.leader(at: now) == nil
    }

    /// There is no object now, and this member has not seen everything since it last looked: one may have come, been held and
    /// gone again. So what had vanished counts as if it had gone just now.
    public mutating func noteGap(at now: BootInstant) {
        guard record == nil, let last = vanished.indices.last else { return }
        // Others wait longer for a lock of this agent's own than that lasts.
        if let ownUntil = vanished[last].ownUntil, now < ownUntil { return }
        (vanished[last].since, vanished[last].ownUntil, vanished[last].mayHaveHadSuccessor) = (now, nil, true)
    }

    /// This agent's own renewal or acquisition was confirmed; it was sent such that it holds until `until`.
    ///
    /// It replaces what was confirmed before: a renewal may shorten the ttl.
    public mutating func confirmOwnership(until: BootInstant) {
        confirmedUntil = until
    }

    /// This agent let the lock go, or knows that another holds it.
    public mutating func relinquish() {
        confirmedUntil = nil
    }

    /// Takes in what the kubelet reports of the holder's Pod.
    public mutating func observe(holder: Member?, at now: BootInstant) {
        guard let record = lastHeld, let containerInstance = record.containerInstance, let holder,
            holder.name == record.leader, holder.podUID == record.identity?.podUID,
            holder.terminatedInstances.contains(containerInstance)
        else {
            deathSeen = nil
            return
        }
        if deathSeen?.containerInstance != containerInstance {
            deathSeen = Death(containerInstance: containerInstance, at: now)
        }
    }

    /// - Parameter ttl: how long a record without a ttl of its own holds.
    public func standing(at now: BootInstant, ttl: Duration, holder: Member?) -> LockStanding {
        let shown = shownStanding(at: now, ttl: ttl, holder: holder)
        guard shown.isFree, let leader = pledge.protectedLeader(over: record, isOver: shown.provesEnd, at: now) else {
            return shown
        }
        return .held(by: leader)
    }

    /// Name of the member whose end is to be watched for: the holder, or that of an object that has vanished.
    public var watchedHolder: String? { lastHeld?.leader }

    private var lastHeld: LockRecord? { record ?? vanished.last?.record }

    /// The last sign of life of whoever holds the lock, or held it last: a change of the record, or a request this member has
    /// consented to. Nil when it has seen neither the record nor who held one that has vanished.
    public var lastSign: BootInstant? {
        let change = record != nil || !vanished.isEmpty ? firstSeen : nil
        return [change, pledge.lastGiven].compactMap(\.self).max()
    }

    /// What the record and those before it show.
    private func shownStanding(at now: BootInstant, ttl: Duration, holder: Member?) -> LockStanding {
        let recorded = recordedStanding(at: now, ttl: ttl, holder: holder)
        guard recorded.isFree else { return recorded }
        if let former = vanished.last(where: { !$0.isOwn && now < $0.end(ttl: ttl) }), let leader = former.record.leader
        {
            guard record == nil, former == vanished.last, !former.mayHaveHadSuccessor, let deathSeen else {
                return .held(by: leader)
            }
            return .holderDied(holder: leader, since: deathSeen.at, restartsAtOnce: holder?.isInBackOff == false)
        }
        if record == nil, let last = vanished.last {
            return last.isOwn ? .mineFromEarlierLife : .expired(holder: last.record.leader ?? "")
        }
        return recorded
    }

    /// What the record alone shows.
    private func recordedStanding(at now: BootInstant, ttl: Duration, holder: Member?) -> LockStanding {
        guard let record else { return .neverTaken }
        guard let leader = record.leader else {
            return record.epoch == 0 && record.transitions == 0 && record.position == nil
                ? .neverTaken : .released(heir: record.heir, since: firstSeen)
        }
        if let identity = record.identity, identity == me {
            if let confirmedUntil, now < confirmedUntil { return .mine(until: confirmedUntil) }
            // Our own write, whose answer was lost or whose validity has run out: taking it again is a new decision.
            return .mineFromEarlierLife
        }
        if let identity = record.identity, identity.isSamePod(as: me) { return .mineFromEarlierLife }
        if let deathSeen {
            return .holderDied(holder: leader, since: deathSeen.at, restartsAtOnce: holder?.isInBackOff == false)
        }
        return now - firstSeen >= (record.ttl ?? ttl) ? .expired(holder: leader) : .held(by: leader)
    }

    /// When a lock held by another expires if nothing changes; nil when that is not what we wait for.
    public func expiry(ttl: Duration) -> BootInstant? {
        let gone = vanished.filter { !$0.isOwn }.map { $0.end(ttl: ttl) }.max()
        guard let record, record.leader != nil, record.identity != me else { return gone }
        let expiry = max(firstSeen + (record.ttl ?? ttl), pledge.end ?? firstSeen)
        return gone.map { max(expiry, $0) } ?? expiry
    }

    // MARK: Failsafe

    /// The members' consent, or a renewal with a shorter ttl, moves the end of a confirmed ownership; nothing without one.
    public mutating func moveOwnershipEnd(to until: BootInstant) {
        if confirmedUntil != nil { confirmedUntil = until }
    }

    /// The leader this member has promised not to replace yet.
    public func failsafeLeader(at now: BootInstant) -> String? { pledge.leader(at: now) }

    /// Answers a leader that cannot reach the store; see ``FailsafePledge``.
    ///
    /// - Parameters:
    ///   - isPrimary: the server here runs as a primary.
    ///   - sealedFor: the epoch this member has promised a candidate.
    ///   - ttl: how long a promise to a leader holds that does not say it.
    public mutating func answer(
        _ request: FailsafeRequest, isPrimary: Bool, sealedFor: Int64?, ttl: Duration, at now: BootInstant
    ) -> FailsafeAnswer {
        let isHolder = record?.identity.map { $0.isSamePod(as: me) } ?? false
        return pledge.answer(
            request, me: me, record: record, isPrimary: isPrimary, isHolder: isHolder, sealedFor: sealedFor, ttl: ttl,
            at: now)
    }

    /// Whether the failsafe list keeps this member from taking the lock, by what it knows now. The others do not wait for it
    /// then.
    ///
    /// - Parameter existing: UIDs of the cluster's Pods.
    public func isBarred(existing: Set<String>, ttl: Duration, holder: Member?, at now: BootInstant) -> Bool {
        let listIsGone =
            lastHeld?.failsafe?.entries.allSatisfy { $0.podUID.map { !existing.contains($0) } ?? false } ?? true
        return FailsafePledge.isBarred(
            me, by: lastHeld, standing: shownStanding(at: now, ttl: ttl, holder: holder), listIsGone: listIsGone)
    }

    /// Whether this member may now write itself into the lock over `read`, which was read live; see ``FailsafePledge``.
    ///
    /// - Returns: why not; nil when the attempt has begun.
    public mutating func beginAcquisition(
        over read: LockRecord?, listIsGone: Bool, ttl: Duration, holder: Member?, at now: BootInstant
    ) -> String? {
        // The compare-and-swap would fail; and the standing below is of another record.
        guard read?.version == record?.version else { return "the lock has changed since it was read" }
        let shown = shownStanding(at: now, ttl: ttl, holder: holder)
        guard shown.isFree else { return "the lock is \(shown)" }
        return pledge.beginAcquisition(
            over: read, listedIn: lastHeld, me: me, standing: shown, listIsGone: listIsGone, at: now)
    }

    /// The outcome of the acquisition is known for certain.
    public mutating func acquisitionSettled() {
        pledge.acquisitionSettled()
    }
}
