public import Units

/// Which replication slots a member keeps: when each slot's member was last part of those that stream from it.
///
/// It outlives the server, whose slots do; which of them are known to exist there is part of that one's life.
public struct SlotKeeping: Hashable, Sendable {
    private var lastPresent: [SlotName: BootInstant] = [:]
    /// The slots this leader found when it began are in there.
    public private(set) var hasCounted = false

    public init() {}

    /// Counts those a leader finds when it begins, once in this life of the agent.
    ///
    /// Nobody remembers since when their members are gone: an earlier life of this agent may have seen them just now.
    public mutating func count(_ found: some Sequence<SlotName>, at now: BootInstant) {
        hasCounted = true
        for slot in found { lastPresent[slot] = lastPresent[slot] ?? now }
    }

    /// The slots there are to be now: one for each member that streams from this one, and for each that did not long ago and is
    /// not part of the cluster any more.
    ///
    /// - Parameters:
    ///   - mine: of those that stream from this member.
    ///   - members: of all there are; who streams from another one now keeps no slot here.
    public mutating func wanted(
        mine: Set<SlotName>, members: Set<SlotName>, retention: Duration, at now: BootInstant
    ) -> Set<SlotName> {
        for slot in mine { lastPresent[slot] = now }
        lastPresent = lastPresent.filter { slot, present in
            now - present < retention && (!members.contains(slot) || mine.contains(slot))
        }
        return Set(lastPresent.keys)
    }
}
