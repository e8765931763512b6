public import Units

/// A physical replication slot of a member's, as the server shows it.
public struct FoundSlot: Hashable, Sendable {
    public var name: SlotName
    /// Somebody streams over it now.
    public var isActive: Bool
    /// The WAL it was to keep is gone.
    public var isLost: Bool

    public init(_ name: SlotName, isActive: Bool = false, isLost: Bool = false) {
        self.name = name
        self.isActive = isActive
        self.isLost = isLost
    }
}

/// Which replication slots a member keeps, and for how long.
///
/// A slot for every member that streams from this one, so that WAL waits for it. One over which nobody streams keeps WAL for
/// the retention and no longer, whether its member has a Pod or not; a member that is at work, see ``WorkKeeping``, is heard of
/// each time it says so, and one that begins to be copied once: a copy that fails is begun again and again. One that asked for
/// its slot and did not use it in all that time has it again for ``secondChance`` only: it cannot stream, and would keep WAL
/// for ever. That of a member which was removed, and that of one which streams from another, go as soon as nobody streams over
/// them. A member of a former version does not ask: its slot stays as long as its Pod.
public struct SlotKeeping: Hashable, Sendable {
    private struct Entry: Hashable {
        /// When its member was heard of last.
        var heard: BootInstant
        /// The Pod that had the name then.
        var podUID: String?
        /// The server had it at the last look, or has had it made or dropped since.
        var isFound = false
        /// Somebody streams over it.
        var isActive = false
        /// What its member said of its work last.
        var work: Int?
        /// What it said of its server last.
        var state: MemberState?
        /// Its member had it made, and has not streamed over it since.
        var isAskedFor = false
        /// It was dropped like that.
        var wasInVain = false

        mutating func hear(at now: BootInstant) { (heard, wasInVain) = (now, false) }
    }

    /// A walreceiver tries every five seconds.
    static let secondChance = Duration.seconds(60)

    private var entries: [SlotName: Entry] = [:]

    public init() {}

    /// Takes in the slots of members that the server has.
    ///
    /// Who streams over his slot is there. A slot that is new here was asked for by its member, or made for it, a moment ago;
    /// one that a leader finds when it begins may have been in use a moment ago, and nobody remembers.
    ///
    /// - Parameter isLeader: a standby keeps nothing of the time when it led itself.
    public mutating func look(at found: some Sequence<FoundSlot>, isLeader: Bool, at now: BootInstant) {
        let found = Dictionary(found.map { ($0.name, $0) }) { first, _ in first }
        for (name, slot) in found {
            guard var entry = entries[name] else {
                if isLeader || slot.isActive { entries[name] = Entry(heard: now) }
                continue
            }
            if slot.isActive {
                entry.hear(at: now)
                entry.isAskedFor = false
            } else if !entry.isFound {
                entry.heard = now
                entry.isAskedFor = true
            }
            entries[name] = entry
        }
        for name in entries.keys {
            entries[name]?.isFound = found[name] != nil
            entries[name]?.isActive = found[name]?.isActive == true
        }
    }

    /// - Parameters:
    ///   - leader: whom everybody streams from who is told nothing else.
    ///   - missing: members known not to run, whatever the store shows.
    /// - Returns: the slots there are to be.
    public mutating func keep(
        for me: String, leader: String, in view: ClusterView, missing: Set<String>, at now: BootInstant
    ) -> Set<SlotName> {
        let names = standbys(of: me, leader: leader, in: view, avoiding: missing)
        let streaming = Set(names.map { SlotName(member: $0) })
        let members = Set(view.members.keys.map { SlotName(member: $0) })
        for name in names { hear(of: name, view.members[name], at: now) }
        let former = Set(names.filter { isOfFormerVersion(view.members[$0]) }.map { SlotName(member: $0) })
        entries = entries.filter { slot, entry in
            // Of one that was dropped it is remembered why, so that it is not made again for a member that is still away.
            entry.isFound || streaming.contains(slot) || (isRecent(entry, view, now) && !members.contains(slot))
        }
        return Set(
            entries.filter { slot, entry in
                (isRecent(entry, view, now) || former.contains(slot))
                    && (streaming.contains(slot) || !members.contains(slot))
                    && !isRemoved(slot, view, members)
            }.keys)
    }

    /// The server's slots were made what was wanted. One that is dropped here and shows itself again was made by its member.
    ///
    /// - Parameter drops: whether slots went.
    public mutating func noteChange(to wanted: Set<SlotName>, drops: Bool) {
        for name in entries.keys {
            if wanted.contains(name) {
                entries[name]?.isFound = true
            } else if drops {
                entries[name]?.isFound = false
                if entries[name]?.isAskedFor == true {
                    entries[name]?.isAskedFor = false
                    entries[name]?.wasInVain = true
                }
            }
        }
    }

    private mutating func hear(of name: String, _ member: Member?, at now: BootInstant) {
        let slot = SlotName(member: name)
        guard var entry = entries[slot] else {
            return entries[slot] = Entry(
                heard: now, podUID: member?.podUID, work: member?.work, state: member?.state)
        }
        // Copied from another standby, it uses no slot here before it has all that it needs the WAL from here for. What it says
        // is the same for as long as it fails, and when it is dead.
        let beginsCopy =
            member?.state == .creatingReplica && entry.state != .creatingReplica && member?.isBeingDeleted == false
        let hasWorked = member?.work != nil && member?.work != entry.work
        if beginsCopy || hasWorked || (entry.podUID != nil && entry.podUID != member?.podUID) { entry.hear(at: now) }
        entry.podUID = member?.podUID
        entry.work = member?.work ?? entry.work
        entry.state = member?.state ?? entry.state
        entries[slot] = entry
    }

    /// Over its slot somebody streams, or not for so long that it goes. Who has asked for it has time to use it, however short
    /// the retention is: it could never stream.
    private func isRecent(_ entry: Entry, _ view: ClusterView, _ now: BootInstant) -> Bool {
        let retention = view.configuration.memberSlotRetention
        let asked = entry.wasInVain ? Self.secondChance : max(retention, Self.secondChance)
        return entry.isActive || now - entry.heard < (entry.isAskedFor || entry.wasInVain ? asked : retention)
    }

    /// It has said something, and does not know of work, nor of asking.
    private func isOfFormerVersion(_ member: Member?) -> Bool {
        member?.provesMembership != nil && member?.work == nil
    }

    /// Its member's ordinal is beyond those there are to be, and its Pod is gone.
    private func isRemoved(_ slot: SlotName, _ view: ClusterView, _ members: Set<SlotName>) -> Bool {
        guard let instances = view.configuration.instances, let ordinal = slot.ordinal else { return false }
        return ordinal >= instances && !members.contains(slot)
    }
}

/// Whether a server's slots are to be changed: one is missing, one is unwanted and nobody streams over it, or the WAL of one is
/// gone.
///
/// - Parameter drops: whether slots may go.
public func mustChangeSlots(_ found: some Sequence<FoundSlot>, to wanted: Set<SlotName>, drops: Bool) -> Bool {
    let found = Array(found)
    if !wanted.isSubset(of: Set(found.map(\.name))) { return true }
    return drops && found.contains { !$0.isActive && ($0.isLost || !wanted.contains($0.name)) }
}

/// Whom a standby that receives nothing asks for its slot; nil when it need not.
///
/// A slot of a member that was away for longer than its retention is gone. Who keeps it cannot tell that the member is back:
/// without the slot its server is refused.
public func sourceToAskForSlot(_ observation: Observation) -> String? {
    guard observation.activity == nil, case .standby = observation.server, hasReceivedNothing(observation),
        case .held(let leader) = observation.lock, let followed = observation.followed, followed.name == leader,
        let source = followed.source, observation.cluster.configuration.usesSlots,
        observation.cluster.members[source] != nil
    else { return nil }
    return source
}
