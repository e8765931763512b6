public import Units

/// Which replication slots a member keeps, and for how long.
///
/// A slot for every member that streams from this one, so that WAL waits for it. That of a member which left the cluster stays
/// for its retention, in case it comes back; that of one that streams from another goes as soon as it has let go.
public struct SlotKeeping: Hashable, Sendable {
    /// When each slot's member last streamed from here.
    private var lastPresent: [SlotName: BootInstant] = [:]
    private var hasCounted = false

    public init() {}

    /// Counts in the slots a leader found when it began. Nobody remembers since when their members are gone: an earlier life of
    /// the agent may have seen them just now.
    public mutating func count(_ found: some Sequence<SlotName>, at now: BootInstant) {
        guard !hasCounted else { return }
        hasCounted = true
        for slot in found where lastPresent[slot] == nil { lastPresent[slot] = now }
    }

    /// - Parameters:
    ///   - leader: whom everybody streams from who is told nothing else.
    ///   - missing: members known not to run, whatever the store shows.
    /// - Returns: the slots there are to be.
    public mutating func keep(
        for me: String, leader: String, in view: ClusterView, missing: Set<String>, at now: BootInstant
    ) -> Set<SlotName> {
        let streaming = Set(
            standbys(of: me, leader: leader, in: view, avoiding: missing).map { SlotName(member: $0) })
        let members = Set(view.members.keys.map { SlotName(member: $0) })
        for slot in streaming { lastPresent[slot] = now }
        lastPresent = lastPresent.filter { slot, seen in
            now - seen < view.configuration.memberSlotRetention
                && (!members.contains(slot) || streaming.contains(slot))
        }
        return Set(lastPresent.keys)
    }
}
