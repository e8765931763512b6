/// How the lock stands for this member at one instant.
public enum LockStanding: Hashable, Sendable {
    /// This agent renewed it; valid until the instant unless renewed again.
    case mine(until: BootInstant)
    /// An earlier life of this Pod's agent holds it. That life is over, so it may be taken over at once.
    case mineFromEarlierLife
    /// Another member holds it.
    case held(by: String)
    /// Free, by a holder that let go. Only the heir may take it before the grace is over.
    case released(heir: String?, since: BootInstant)
    /// The holder has not renewed it for its ttl, counted from when *we* first saw its last renewal.
    case expired(holder: String)
    /// The kubelet says that the holder's container has terminated.
    case holderDied(holder: String, since: BootInstant, restartsAtOnce: Bool)
    /// Nobody ever held it.
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
public struct LockObserver: Sendable {
    private let me: HolderIdentity
    private var record: LockRecord?
    private var firstSeen = BootInstant(nanoseconds: 0)
    private var deathSeen: (containerID: String, at: BootInstant)?
    private var confirmedUntil: BootInstant?

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
        record = new
        if new?.identity != me { confirmedUntil = nil }
    }

    /// This agent's own renewal or acquisition was confirmed; it was sent such that it holds until `until`.
    public mutating func confirmOwnership(until: BootInstant) {
        confirmedUntil = until
    }

    /// This agent let the lock go, or knows that another holds it.
    public mutating func relinquish() {
        confirmedUntil = nil
    }

    /// Takes in what the kubelet reports of the holder's Pod.
    public mutating func observe(holder: Member?, at now: BootInstant) {
        guard let containerID = record?.containerID, let holder, holder.name == record?.leader,
            holder.podUID == record?.identity?.podUID, holder.terminatedContainers.contains(containerID)
        else {
            deathSeen = nil
            return
        }
        if deathSeen?.containerID != containerID { deathSeen = (containerID, now) }
    }

    /// - Parameter ttl: how long a record without a ttl of its own holds.
    public func standing(at now: BootInstant, ttl: Duration, holder: Member?) -> LockStanding {
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
        guard let record, record.leader != nil, record.identity != me else { return nil }
        return firstSeen + (record.ttl ?? ttl)
    }
}
