/// Whose agreement keeps everybody else from electing a new leader.
public enum FailsafeRule: Hashable, Sendable {
    /// Anybody in the list may elect itself: all have to agree.
    case everyMember
    /// An election needs `votes` of these members: so many have to agree that the others are too few.
    case voters(Set<String>, votes: Int)
}

public enum FailsafeVerdict: Hashable, Sendable {
    case stay
    /// Names whose agreement is missing, sorted; empty when this member itself is not in the list.
    case fall(missing: [String])
}

/// Judges whether a leader that cannot renew its lock may go on.
///
/// Why that is safe. Let the leader have sent its last confirmed renewal at *s* and a failsafe round at *r*, both on its
/// clock, and let every member of the list have agreed to that round. It then lives until *r + ttl − fenceMargin*.
///
/// 1. A member that agreed received the request at *m*, and *m ≥ r*: nobody receives what was not sent. It takes no expired
///    lock before *m + ttl* (``FailsafePledge``), which is after *r + ttl − fenceMargin* as long as two clocks differ by less
///    than fenceMargin in one ttl.
/// 2. A member that is not in the list takes no expired lock at all. The list stands in the lock's own object, and the
///    acquisition is a compare-and-swap over the version it was read in: nobody decides on an older list.
/// 3. What the leader asks is the list it has confirmed, and every list it may have written since without learning the
///    outcome (``LockKeeping``). So each member a stored list can show has been asked. One that a write still under way
///    adds sees that write, and waits ttl from there.
/// 4. A member that was already taking the lock when the request came, or that cannot exclude that it did, refuses.
/// 5. Pods are told apart by UID. A new Pod of an old name is not in the list until the leader has written it, and one that
///    was removed by force but still runs cannot agree in its successor's place.
/// 6. A lock that was released, or whose holder's container is known to have ended, has no leader left to protect: it may
///    be taken without regard to promise and list.
/// 7. The promise is in memory. A member that restarts has forgotten it, and counts the ttl of the record anew from when it
///    first sees it: not before the promise would have ended, because no promise is asked for longer than the shortest ttl
///    the stored record may carry (``LockKeeping``).
/// 8. A record of a later reign does not end the promise. Nobody of the protocol can have written it while the leader lives,
///    but a person can, with any ttl. Who has seen it and is asked by the leader says so, and the leader stops at once.
///
/// - Parameters:
///   - list: every member the store may show.
///   - agreed: who agreed to a request of one and the same round.
public func judgeFailsafe(
    _ list: FailsafeList, me: HolderIdentity, agreed: Set<FailsafeList.Entry>, rule: FailsafeRule
) -> FailsafeVerdict {
    guard list.contains(me) else { return .fall(missing: []) }
    let missing = list.others(than: me).subtracting(agreed)
    switch rule {
    case .everyMember:
        return missing.isEmpty ? .stay : .fall(missing: Set(missing.map(\.name)).sorted())
    case .voters(let voters, let votes):
        // Two Pods of one name have one vote between them; if either did not agree, it may go to another.
        let silent = voters.subtracting([me.member]).filter { name in
            !agreed.contains { $0.name == name } || missing.contains { $0.name == name }
        }
        return votes > 0 && silent.count < votes ? .stay : .fall(missing: silent.sorted())
    }
}
