public import Units

/// A standby as its primary sees it.
public struct SynchronousCandidate: Hashable, Sendable {
    public var name: String
    /// It has caught up and streams, says of itself that it runs, and is not about to leave.
    public var isFit: Bool
    /// End of what it has on disk; nil before it told.
    public var position: LSN?
    public var tags: MemberTags
    /// Failure domain it runs in; nil when nobody said.
    public var zone: String?
    /// It streams from another standby, or is about to: what it confirms the primary does not hear.
    public var isCascading: Bool

    public init(
        name: String, isFit: Bool = true, position: LSN?, tags: MemberTags = MemberTags(), zone: String? = nil,
        isCascading: Bool = false
    ) {
        self.name = name
        self.isFit = isFit
        self.position = position
        self.tags = tags
        self.zone = zone
        self.isCascading = isCascading
    }

    /// Commits may wait for it.
    public var mayBeWaitedFor: Bool { isFit && !isCascading && tags.mayBeSynchronous }
}

/// Chooses whose confirmations commits wait for, best first.
///
/// Order (patroni.md §1.22): priority tag, who is synchronous already, position, name; those that may not lead come last.
/// Between priority and the rest comes the zone: one that has neither the leader nor a standby picked before is better than
/// one that has. That is a preference: a standby in the leader's own zone is picked when there is no other.
/// Mode on takes as many as are wanted; mode quorum takes all, and of those that may not lead only as many as are missing.
///
/// - Parameters:
///   - current: the synchronous standbys now; a change for no reason would cost commits a wait.
///   - leaderZone: nil when it is not known: then no zone is better than another.
public func pickSynchronousStandbys(
    _ candidates: [SynchronousCandidate], policy: SynchronousPolicy, current: Set<String>, leaderZone: String? = nil
) -> [String] {
    guard policy.mode != .off else { return [] }
    var fit = candidates.filter { $0.mayBeWaitedFor && $0.position != nil }
    if let limit = policy.maximumLag, let furthest = fit.compactMap(\.position).max() {
        fit.removeAll { furthest.bytes(since: $0.position ?? .invalid) > limit }
    }
    let wanted =
        switch policy.mode {
        case .off: 0
        case .on: policy.standbys
        case .quorum: max(fit.count { $0.tags.mayLead }, policy.standbys)
        }
    var occupied = Zones(leader: leaderZone)
    var picked: [String] = []
    while picked.count < wanted, let best = fit.min(by: { isBetter($0, than: $1, current, occupied) }) {
        picked.append(best.name)
        occupied.add(best.zone)
        fit.removeAll { $0.name == best.name }
    }
    return picked
}

private func isBetter(
    _ left: SynchronousCandidate, than right: SynchronousCandidate, _ current: Set<String>, _ occupied: Zones
) -> Bool {
    if left.tags.mayLead != right.tags.mayLead { return left.tags.mayLead }
    if left.tags.synchronousPriority != right.tags.synchronousPriority {
        return left.tags.synchronousPriority > right.tags.synchronousPriority
    }
    let (leftCount, rightCount) = (occupied.count(in: left.zone), occupied.count(in: right.zone))
    if leftCount != rightCount { return leftCount < rightCount }
    let (leftIsCurrent, rightIsCurrent) = (current.contains(left.name), current.contains(right.name))
    if leftIsCurrent != rightIsCurrent { return leftIsCurrent }
    if left.position != right.position { return left.position ?? .invalid > right.position ?? .invalid }
    return left.name < right.name
}

/// How many of those that would hold a commit are in which zone.
private struct Zones {
    private var counts: [String: Int]?

    init(leader: String?) {
        counts = leader.map { [$0: 1] }
    }

    mutating func add(_ zone: String?) {
        if let zone { counts?[zone, default: 0] += 1 }
    }

    /// A zone nobody named may be the leader's. 0 for all when the leader's is not known.
    func count(in zone: String?) -> Int {
        guard let counts else { return 0 }
        return zone.map { counts[$0] ?? 0 } ?? 1
    }
}
