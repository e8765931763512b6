import ClusterRecords
import HighAvailability
import PostgresClusterAPI

/// Why nobody leads, from what each member says of itself and what is known of its Pod.
extension ConditionFindings {
    /// Each member with what keeps it from leading. The agents decide, and by more: positions are measured in the election.
    var candidates: String {
        guard !situation.members.isEmpty else { return "there are no members" }
        if hasLostEveryVolume { return Self.everyVolumeIsLost }
        let list = situation.members.map { "\($0.name) \(hindrance(of: $0))" }.joined(separator: "; ")
        return spec.paused ? "automatic actions are off, so nobody is promoted; \(list)" : list
    }

    /// The cluster was made, all of its members are here, and none has data.
    private var hasLostEveryVolume: Bool {
        isInitialized && situation.members.count >= spec.instances && situation.members.allSatisfy(\.hasNoData)
    }

    /// The way on is a person's to take: an empty cluster in the place of the lost one would look like success.
    private static let everyVolumeIsLost =
        "no member has data: every volume is empty. The former volumes, bound to the same claims, bring the cluster back; "
        + "without them, delete the PostgresCluster and apply it again for an empty one. None is made by itself"

    /// Why the holder of the lock does not serve.
    func hindrance(ofHolder name: String) -> String {
        guard let holder = situation.member(name) else { return "it has no Pod" }
        return presence(of: holder) ?? "its server is not promoted yet"
    }

    private func hindrance(of member: ObservedMember) -> String {
        if let presence = presence(of: member) { return presence }
        if !member.tags.mayLead || !member.record.tags.mayLead { return "may not lead: its tags exclude it" }
        if let bar = synchronousBar(to: member) { return bar }
        if let timeline = member.timeline, let newest = situation.members.compactMap(\.timeline).max(),
            timeline < newest
        {
            return "is on timeline \(timeline), and \(newest) is the newest"
        }
        return "runs, and nothing it says of itself keeps it from leading"
    }

    /// nil for a member whose server runs.
    private func presence(of member: ObservedMember) -> String? {
        if let obstacle = member.obstacle { return obstacle }
        if let silence = member.silence { return "is \(silence.sentence)" }
        if member.isDeleting { return "is being deleted" }
        if let problem = member.problem { return problem }
        guard let state = member.record.stateName else { return "has not said anything yet" }
        if isInitialized, member.hasNoData { return "has no data" }
        return member.record.state == .running ? nil : "says of its server: \(state)"
    }

    /// Nobody outside the record may be elected but who wrote it.
    private func synchronousBar(to member: ObservedMember) -> String? {
        guard spec.highAvailability.synchronous.mode != .off, let record = situation.synchronous,
            record.leader != member.name, !record.members.contains(member.name)
        else { return nil }
        let names = record.members.sorted().joined(separator: ", ")
        return "is no synchronous standby" + (names.isEmpty ? "; there are none" : "; those are \(names)")
    }
}
