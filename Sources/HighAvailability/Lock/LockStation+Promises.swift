public import Units

/// What this member has promised to others, to a leader or to a candidate, and what that forbids.
///
/// - Invariant: a seal and a promise to a leader exclude each other as an acquisition and such a promise do: a member that
///   vouched for its leader has no vote until that time is over, and one whose vote is given does not vouch for the leader
///   before.
extension LockStation {
    /// The leader this member has promised not to replace yet.
    public func failsafeLeader(at now: BootInstant) -> String? { sight.failsafeLeader(at: now) }

    /// Answers a leader that cannot reach the store; see ``FailsafePledge``.
    ///
    /// - Parameters:
    ///   - isPrimary: the server here runs as a primary.
    ///   - ttl: how long a promise to a leader holds that does not say it.
    public mutating func answer(
        _ request: FailsafeRequest, isPrimary: Bool, ttl: Duration, at now: BootInstant
    ) -> FailsafeAnswer {
        sight.answer(request, isPrimary: isPrimary, sealedFor: sealedEpoch, ttl: ttl, at: now)
    }

    /// Whether this member may promise a candidate the next epoch; if so, it is bound from here on.
    public mutating func beginSeal(
        _ wanted: Seal, isPrimary: Bool, ttl: Duration, at now: BootInstant
    ) -> SealVerdict {
        let verdict = judgeSeal(
            wanted, standing: standing(at: now, ttl: ttl), lock: sight.record, isPrimary: isPrimary)
        if verdict == .seal { sealedEpoch = wanted.epoch }
        return verdict
    }

    /// The seal this member is bound by, as its disk says; nil ends it.
    public mutating func note(_ seal: Seal?) {
        sealedEpoch = seal?.epoch
    }

    /// Whether the last leader's failsafe list keeps this member from taking the lock now. The others do not wait for it then.
    public mutating func isBarred(at now: BootInstant, ttl: Duration) -> Bool {
        sight.isBarred(
            existing: Set(members.values.compactMap(\.podUID)), ttl: ttl, holder: watchedHolder, at: now)
    }
}
