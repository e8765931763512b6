/// A standby as its primary sees it.
public struct SynchronousCandidate: Hashable, Sendable {
    public var name: String
    /// It has caught up and streams, says of itself that it runs, and is not about to leave.
    public var isFit: Bool
    /// End of what it has on disk; nil before it told.
    public var position: LSN?
    public var tags: MemberTags

    public init(name: String, isFit: Bool = true, position: LSN?, tags: MemberTags = MemberTags()) {
        self.name = name
        self.isFit = isFit
        self.position = position
        self.tags = tags
    }
}

/// Chooses whose confirmations commits wait for, best first.
///
/// Order (patroni.md §1.22): priority tag, who is synchronous already, position, name; those that may not lead come last.
/// Mode on takes as many as are wanted; mode quorum takes all, and of those that may not lead only as many as are missing.
///
/// - Parameter current: the synchronous standbys now; a change for no reason would cost commits a wait.
public func pickSynchronousStandbys(
    _ candidates: [SynchronousCandidate], policy: SynchronousPolicy, current: Set<String>
) -> [String] {
    guard policy.mode != .off else { return [] }
    var fit = candidates.filter { $0.isFit && $0.position != nil && $0.tags.mayBeSynchronous }
    if let limit = policy.maximumLag, let furthest = fit.compactMap(\.position).max() {
        fit.removeAll { furthest.bytes(since: $0.position ?? .invalid) > limit }
    }
    fit.sort { left, right in
        if left.tags.mayLead != right.tags.mayLead { return left.tags.mayLead }
        if left.tags.synchronousPriority != right.tags.synchronousPriority {
            return left.tags.synchronousPriority > right.tags.synchronousPriority
        }
        let (leftIsCurrent, rightIsCurrent) = (current.contains(left.name), current.contains(right.name))
        if leftIsCurrent != rightIsCurrent { return leftIsCurrent }
        if left.position != right.position { return left.position ?? .invalid > right.position ?? .invalid }
        return left.name < right.name
    }
    switch policy.mode {
    case .off: return []
    case .on: return fit.prefix(policy.standbys).map(\.name)
    case .quorum:
        let electable = fit.count { $0.tags.mayLead }
        return fit.prefix(max(electable, policy.standbys)).map(\.name)
    }
}
