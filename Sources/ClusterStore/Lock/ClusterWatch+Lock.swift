public import HighAvailability
public import Units

/// What the loop asks of the lock; the answers are ``LockStation``'s.
extension ClusterWatch {
    public func standing(ttl: Duration) -> LockStanding {
        desk.look { $0.standing(at: $1, ttl: ttl) }
    }

    /// The standing of a lock that was read live; nil when the view shows another version of it.
    public func standing(of read: LockRecord?, ttl: Duration) -> LockStanding? {
        desk.look { $0.standing(of: read, at: $1, ttl: ttl) }
    }

    /// When the lock another member holds runs out if nothing changes.
    public func lockExpiry(ttl: Duration) -> BootInstant? { desk.look { station, _ in station.expiry(ttl: ttl) } }

    /// The last sign of life of whoever holds the lock, or held it last, as this member saw it.
    public var lastSign: BootInstant? { desk.look { station, _ in station.lastSign } }

    /// The leader this member has promised not to replace yet.
    public var failsafeLeader: String? { desk.look { $0.failsafeLeader(at: $1) } }

    /// What this member has seen last in the lock, for a leader it refuses.
    public var reign: Reign? { desk.look { station, _ in station.reign } }

    /// The reign by which this agent holds the lock now; nil when it does not.
    public func ownReign(ttl: Duration) -> Reign? {
        desk.look { $0.ownReign(at: $1, ttl: ttl) }
    }

    /// Answers a leader that cannot reach the store.
    public func answer(_ request: FailsafeRequest, isPrimary: Bool, ttl: Duration) -> FailsafeAnswer {
        let answer = desk.look { $0.answer(request, isPrimary: isPrimary, ttl: ttl, at: $1) }
        desk.tell()
        return answer
    }

    /// Whether this member may promise a candidate the next epoch; if so, it is bound from here on.
    public func beginSeal(_ wanted: Seal, isPrimary: Bool, ttl: Duration) -> SealVerdict {
        desk.look { $0.beginSeal(wanted, isPrimary: isPrimary, ttl: ttl, at: $1) }
    }

    /// The seal this member is bound by, as its disk says; nil ends it.
    public func note(_ seal: Seal?) {
        desk.look { station, _ in station.note(seal) }
    }

    /// Whether the last leader's failsafe list keeps this member from taking the lock now.
    public func isBarred(ttl: Duration) -> Bool {
        desk.look { $0.isBarred(at: $1, ttl: ttl) }
    }
}
