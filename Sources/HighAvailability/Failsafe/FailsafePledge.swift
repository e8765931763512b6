public import Units

/// What a member owes a leader whose failsafe request it has accepted, and what keeps it from accepting one.
///
/// The promise: until ttl after it last accepted, on its own clock, it does not take a lock because that has run out, and
/// does not help another to. It may still take a lock that was released, or whose holder is known to be dead. That another
/// holder is seen in the record does not shorten it: the leader may not have heard of that one.
///
/// Accepting and beginning to take the lock exclude each other: whichever comes first refuses the other. The owner calls
/// both under one lock.
public struct FailsafePledge: Hashable, Sendable {
    private struct Promise: Hashable, Sendable {
        var leader: String
        /// nil when Patroni leads.
        var identity: HolderIdentity?
        var epoch: Int64
        var givenAt: BootInstant
        var until: BootInstant
        /// The record shows a later reign: that leader is nobody to follow any more, and the time still runs.
        var isSuperseded = false
    }

    private struct Attempt: Hashable, Sendable {
        /// nil: the record did not exist.
        var version: String?
    }

    private var promise: Promise?
    /// An acquisition that is under way, or whose outcome is not known.
    private var attempt: Attempt?

    public init() {}

    /// Whom this member has promised not to replace, at `now`.
    public func leader(at now: BootInstant) -> String? {
        promise.flatMap { now < $0.until && !$0.isSuperseded ? $0.leader : nil }
    }

    /// When the last promise ends, or ended.
    public var end: BootInstant? { promise?.until }

    /// When this member last heard of a leader it has promised something.
    public var lastGiven: BootInstant? { promise?.givenAt }

    // MARK: What the record shows

    /// Takes in every version of the record this member sees.
    public mutating func observe(_ record: LockRecord?) {
        // The compare-and-swap of an attempt cannot succeed any more once the record has another version.
        if let attempt, attempt.version != record?.version { self.attempt = nil }
        if let promise, let record, record.epoch > promise.epoch { self.promise?.isSuperseded = true }
    }

    /// Whom this member takes for the leader although the record no longer protects it; nil when the record alone counts.
    ///
    /// - Parameter isOver: the record proves that its holder let go or has died.
    public func protectedLeader(over record: LockRecord?, isOver: Bool, at now: BootInstant) -> String? {
        guard let promise, now < promise.until else { return nil }
        guard let record else { return promise.leader }
        // A record older than the leader's own says nothing about it: the view is behind.
        if record.epoch < promise.epoch { return promise.leader }
        if isOver { return nil }
        return promise.isSuperseded ? record.leader ?? promise.leader : promise.leader
    }

    // MARK: Being asked

    /// Accepts or refuses; accepting is the promise.
    ///
    /// - Parameters:
    ///   - record: the newest this member knows.
    ///   - isPrimary: its server runs as a primary.
    ///   - isHolder: the lock is its own, as far as it knows.
    ///   - sealedFor: the epoch it has promised a candidate, if it has; it follows no older leader again.
    public mutating func answer(
        _ request: FailsafeRequest, me: HolderIdentity, record: LockRecord?, isPrimary: Bool, isHolder: Bool,
        sealedFor: Int64?, ttl: Duration, at now: BootInstant
    ) -> FailsafeAnswer {
        if isPrimary || isHolder { return .runningAsLeader }
        guard request.leader != me.member else { return .refused("I carry the leader's name myself") }
        if attempt != nil { return .refused("I am taking the lock") }
        let claim = request.claim
        if let claim {
            guard claim.member == me.member, claim.podUID == me.podUID else {
                return .refused("the request is for \(claim.member), another Pod")
            }
            guard claim.identity.member == request.leader else { return .refused("two leaders are named") }
            guard claim.ttl > .zero, claim.ttl <= FailsafeRequest.longestPromise else {
                return .refused("the ttl is out of range")
            }
        }
        let epoch = claim?.epoch ?? record?.epoch ?? 0
        if let sealedFor, sealedFor > epoch { return .refused("sealed for epoch \(sealedFor)") }
        if let problem = disagreement(request, record, epoch, at: now) { return .refused(problem) }
        let until = now + (claim?.ttl ?? record?.ttl ?? ttl)
        promise = Promise(
            leader: request.leader, identity: claim?.identity, epoch: epoch, givenAt: now,
            until: max(until, end ?? until))
        return .accepted
    }

    /// Why the one who asks cannot be the leader, by what this member knows.
    ///
    /// A claim is believed only when the store has shown it: one of a later epoch would bind this member against everybody who
    /// leads until then. And a promise that has ended is in nobody's way: an object that was deleted and made anew counts its
    /// epochs from the beginning.
    private func disagreement(
        _ request: FailsafeRequest, _ record: LockRecord?, _ epoch: Int64, at now: BootInstant
    ) -> String? {
        if let promise, now < promise.until {
            if promise.epoch > epoch { return "I follow \(promise.leader) in epoch \(promise.epoch)" }
            if promise.epoch == epoch, promise.identity != request.claim?.identity || promise.leader != request.leader {
                return "I follow another \(promise.leader) in this epoch"
            }
        }
        guard let claim = request.claim else {
            // Patroni tells no more than its name: only a lock that Patroni holds can be meant.
            return record?.leader == request.leader && record?.identity == nil
                ? nil : "\(request.leader) does not hold the lock"
        }
        guard let record else { return nil }
        // Nobody can tell which is later; the holder can be told.
        if !record.hasReadableEpoch, record.identity == claim.identity { return nil }
        if record.epoch > claim.epoch { return "the lock is in epoch \(record.epoch)" }
        if record.epoch < claim.epoch { return "the lock is in epoch \(record.epoch), as far as I have seen" }
        return record.identity == claim.identity ? nil : "\(record.leader ?? "nobody") holds the lock in this epoch"
    }

    // MARK: Taking the lock

    /// To be called right before the lock is written.
    ///
    /// - Parameters:
    ///   - listed: the record whose failsafe list counts: the same one, or that of an object that has vanished.
    ///   - standing: of the record the write is decided on, without regard to promises.
    ///   - listIsGone: no Pod of the record's list exists any more, by a live look made after the record was read.
    /// - Returns: why it may not be taken; nil: the attempt is noted, and ends with ``acquisitionSettled()``.
    public mutating func beginAcquisition(
        over record: LockRecord?, listedIn listed: LockRecord?, me: HolderIdentity, standing: LockStanding,
        listIsGone: Bool, at now: BootInstant
    ) -> String? {
        if let leader = protectedLeader(over: record, isOver: standing.provesEnd, at: now) {
            return "\(leader) may not be replaced yet: a promise to a leader still holds"
        }
        if Self.isBarred(me, by: listed, standing: standing, listIsGone: listIsGone) {
            return "this Pod is not in the failsafe list of \(listed?.leader ?? "the last leader")"
        }
        attempt = Attempt(version: record?.version)
        return nil
    }

    /// A Pod the last leader has not recorded may not take a lock that has only run out: nobody asks it for its consent.
    ///
    /// - Parameter listIsGone: a whole generation of Pods was replaced, and nobody of the list is left that could agree with
    ///   the old leader.
    static func isBarred(
        _ me: HolderIdentity, by record: LockRecord?, standing: LockStanding, listIsGone: Bool
    ) -> Bool {
        guard let list = record?.failsafe, !standing.provesEnd, !list.contains(me) else { return false }
        return !(listIsGone && list.entries.contains { $0.name == me.member })
    }

    /// The outcome of the attempt is known for certain.
    public mutating func acquisitionSettled() {
        attempt = nil
    }
}

extension LockStanding {
    /// The record itself shows that its last holder leads no more, so that nothing protects that holder.
    var provesEnd: Bool {
        switch self {
        case .released, .holderDied, .neverTaken, .mineFromEarlierLife: true
        case .mine, .held, .expired: false
        }
    }
}
