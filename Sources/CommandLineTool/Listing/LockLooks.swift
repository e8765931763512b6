import ClusterRecords
import HighAvailability

/// What a command that looks again and again has seen of the locks' renewals, by a clock of its own.
struct LockLooks<Instant: InstantProtocol> where Instant.Duration == Duration {
    private struct Look {
        var lock: LockRecord
        var since: Instant
        var shown: String
    }

    private var looks: [String: Look] = [:]

    /// Marks the leader whose lock has not changed for too long, also while no operator tells.
    ///
    /// - Parameter shown: the time of this look, for people.
    mutating func mark(_ listing: inout ClusterListing, at now: Instant, shown: String) {
        let key = "\(listing.namespace)/\(listing.name)"
        guard let look = looks[key], listing.lock.isUnchanged(since: look.lock) else {
            looks[key] = Look(lock: listing.lock, since: now, shown: shown)
            return
        }
        guard look.lock.isOverdue(unchangedFor: look.since.duration(to: now)) else { return }
        for index in listing.members.indices where listing.members[index].name == look.lock.leader {
            listing.members[index].lockUnrenewedSince = listing.members[index].lockUnrenewedSince ?? look.shown
        }
    }
}
