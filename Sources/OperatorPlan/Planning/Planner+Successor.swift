import HighAvailability
import PostgresClusterAPI

/// Whom the primary may hand over to in order.
///
/// Its agent decides by the synchronous record: nobody outside it may be given the lock by a planned hand-over, for a
/// primary that dies before it is done leaves the election to that record. A forced one would go to anybody while the
/// primary lives, and lose commits if it died meanwhile. So whoever is to lead has to be a synchronous standby first.
extension Planner {
    /// The best member to hand over to among those `isAllowed` admits and the primary's agent accepts.
    func successor(where isAllowed: (ObservedMember) -> Bool) -> ObservedMember? {
        let electable = electable
        let isSynchronous = spec.highAvailability.synchronous.mode != .off && situation.standbyLeader == nil
        return situation.bestSuccessor {
            isAllowed($0) && electable?.contains($0.name) ?? true && (!isSynchronous || $0.tags.mayBeSynchronous)
        }
    }

    /// Members the synchronous record lets lead; nil when it restricts nothing.
    var electable: Set<String>? {
        guard spec.highAvailability.synchronous.mode != .off, situation.standbyLeader == nil,
            let record = situation.synchronous
        else { return nil }
        // That of an earlier primary is about to be replaced.
        return record.leader == situation.primary?.name ? record.members : []
    }

    /// Ordinals of the members commits should wait for first: while a scale-down waits for one of those that stay to be
    /// able to take over. In mode quorum commits wait for any that can.
    ///
    /// A preference: while none of them streams, commits go on waiting for others.
    func preferredStandbys(replicas: Int) -> Range<Int> {
        let isNeeded = spec.highAvailability.synchronous.mode == .on && replicas > spec.instances && !spec.paused
        return isNeeded ? 0..<spec.instances : 0..<0
    }

    /// Why nobody can take over from `leader` now.
    func missingSuccessor(of leader: ObservedMember) -> String {
        let sentence = "No member could take over from \(leader.name) now"
        guard let electable else { return sentence }
        let names = electable.isEmpty ? "there are none" : "those are \(electable.sorted().joined(separator: ", "))"
        return "\(sentence): it hands over to a synchronous standby only, and \(names)"
    }
}
