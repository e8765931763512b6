/// Chooses whom a new replica is copied from (patroni.md §1.20): a running standby tagged `clonefrom`, else the leader.
///
/// Only one that streams on the leader's timeline counts: a copy of one left behind could not follow. Several share the
/// work, each new member having one of them by its name.
///
/// Who is recorded as a synchronous standby has confirmed commits, and may be elected for having them: it is copied from the
/// leader alone, who has all of them; a standby may be behind.
///
/// - Parameter avoided: members a copy was tried from in vain.
public func chooseCloneSource(
    for member: String, leader: String, in cluster: ClusterView, avoiding avoided: Set<String> = []
) -> String {
    if cluster.synchronous?.members.contains(member) == true { return leader }
    let sources = cluster.members.values.filter {
        $0.tags.isCloneSource && $0.name != member && $0.name != leader && !avoided.contains($0.name)
            && objectionToStandby($0, in: cluster) == nil
    }.map(\.name).sorted()
    guard !sources.isEmpty else { return leader }
    let mark = member.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
    return sources[mark % sources.count]
}
