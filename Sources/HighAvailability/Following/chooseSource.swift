import Units

/// Where a standby receives its WAL from, and why from there.
public struct StreamSource: Hashable, Sendable {
    /// nil: from nobody.
    public var member: String?
    public var reason: String

    public init(_ member: String?, _ reason: String) {
        self.member = member
        self.reason = reason
    }
}

/// Chooses whom a standby streams from (patroni.md §1.9).
///
/// With the tag `nostream` nobody; with `replicatefrom` that member, as long as it runs, streams on the leader's timeline
/// and does not itself hang on this one; otherwise the leader. Every member of a loop of tags streams from the leader, so
/// each chain ends there.
///
/// - Parameters:
///   - member: the standby, which need not be the one that asks: an upstream keeps the slots of those that choose it.
///   - avoided: members this standby has tried in vain.
public func chooseSource(
    of member: String, tags: MemberTags, leader: String, in cluster: ClusterView, avoiding avoided: Set<String> = []
) -> StreamSource {
    if tags.streamsFromNobody { return StreamSource(nil, "receiving nothing: the tag nostream is set") }
    let title = cluster.title(of: leader)
    guard let wanted = tags.replicatesFrom else { return StreamSource(leader, "following a \(title) (\(leader))") }
    guard wanted != leader else {
        return StreamSource(leader, "following a \(title) (\(leader)), from which it is to replicate")
    }
    if let objection = objection(to: wanted, for: member, leader: leader, in: cluster, avoiding: avoided) {
        return StreamSource(
            leader, "following a \(title) (\(leader)): cannot replicate from \(wanted), \(objection)")
    }
    return StreamSource(wanted, "replicating from \(wanted), a standby of the \(title) (\(leader))")
}

/// The standbys that stream from a member, by what everyone has published: whose slots it keeps.
public func standbys(
    of source: String, leader: String, in cluster: ClusterView, avoiding avoided: Set<String> = []
) -> Set<String> {
    let others = cluster.members.values.filter { $0.name != source && $0.name != leader }
    return Set(
        others.filter {
            chooseSource(of: $0.name, tags: $0.tags, leader: leader, in: cluster, avoiding: avoided).member == source
        }.map(\.name))
}

/// The members that should stream from the leader, and that it does not see: whoever was to stream from them will not.
///
/// A member whose node has died says in the store for ever that it streams; its leader knows better.
///
/// - Parameter connected: those the leader sends WAL to now.
public func missingStandbys(of leader: String, seeing connected: Set<String>, in cluster: ClusterView) -> Set<String> {
    standbys(of: leader, leader: leader, in: cluster).subtracting(connected)
}

/// The standby this member streams from, or has been told to, and has heard nothing of for too long; nil when there is none.
///
/// What the store shows of a member is as old as the member's last write: one whose node has died still streams there.
public func sourceGivenUp(_ observation: Observation) -> String? {
    guard observation.activity == nil, case .standby(let server) = observation.server, !server.isStreaming,
        let followed = observation.followed, let source = followed.source, source != followed.name,
        let since = observation.notStreamingSince, observation.now >= since + Grace.sourceSilence
    else { return nil }
    return source
}

private func objection(
    to source: String, for member: String, leader: String, in cluster: ClusterView, avoiding avoided: Set<String>
) -> String? {
    if source == member { return "which is itself" }
    guard let upstream = cluster.members[source] else { return "which does not exist" }
    if hangs(source, on: member, leader: leader, in: cluster) { return "which replicates from this member" }
    if avoided.contains(source) { return "which could not be reached" }
    return objectionToStandby(upstream, in: cluster)
}

/// Why nothing is taken from a standby now; nil when it is as good as the leader.
func objectionToStandby(_ member: Member, in cluster: ClusterView) -> String? {
    guard member.role == .replica, member.state == .running, member.host != nil, !member.isBeingDeleted else {
        return "which does not run as a standby"
    }
    guard member.isStreaming else { return "which does not stream" }
    if let timeline = cluster.lock?.timeline, member.timeline != timeline {
        return "which has not reached timeline \(timeline)"
    }
    return nil
}

/// Whether following the tags from `source` leads back to `member`.
private func hangs(_ source: String, on member: String, leader: String, in cluster: ClusterView) -> Bool {
    var visited: Set<String> = []
    var next: String? = source
    while let name = next, name != leader {
        if name == member { return true }
        // A loop of others is theirs to break.
        guard visited.insert(name).inserted else { return false }
        next = cluster.members[name]?.tags.replicatesFrom
    }
    return false
}
