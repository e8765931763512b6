import ClusterRecords
import HighAvailability

/// What a command that looks again and again has seen of the locks' renewals, by a clock of its own.
struct LockLooks<Instant: InstantProtocol> where Instant.Duration == Duration {
    private struct Look {
        var lock: LockRecord
        var since: Instant
        var shown: String
        /// It was seen to become as it is.
        var isChange: Bool
    }

    private var looks: [String: Look] = [:]

    /// Marks the leader whose lock has not changed for too long, also while no operator tells. What an operator tells of a lock
    /// that was seen to change here since the first look is outdone: it may have told that long ago.
    ///
    /// - Parameter shown: the time of this look, for people.
    mutating func mark(_ listing: inout ClusterListing, at now: Instant, shown: String) {
        let look = look(at: listing.lock, of: "\(listing.namespace)/\(listing.name)", at: now, shown: shown)
        let mark = look.lock.isOverdue(unchangedFor: look.since.duration(to: now)) ? look.shown : nil
        for index in listing.members.indices {
            let isLeader = listing.members[index].name == look.lock.leader
            let told = look.isChange ? nil : listing.members[index].lockUnrenewedSince
            listing.members[index].lockUnrenewedSince = told ?? (isLeader ? mark : nil)
        }
    }

    /// The first look at the lock as it is now.
    private mutating func look(at lock: LockRecord, of key: String, at now: Instant, shown: String) -> Look {
        let before = looks[key]
        if let before, lock.isUnchanged(since: before.lock) { return before }
        let look = Look(lock: lock, since: now, shown: shown, isChange: before != nil)
        looks[key] = look
        return look
    }
}
