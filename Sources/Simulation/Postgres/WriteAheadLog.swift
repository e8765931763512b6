/// Every course the data ever took: a tree of branches, each begun by one promotion.
///
/// PostgreSQL numbers timelines, and two servers that cannot see each other may give the same number to different courses.
/// The tree knows better than any server, which is what the checks need.
struct WriteAheadLog {
    struct Branch {
        var timeline: UInt32
        /// -1 for the first.
        var parent: Int
        /// Where it left its parent.
        var fork: UInt64
        /// How far anybody has written it.
        var end: UInt64
    }

    private(set) var branches = [Branch(timeline: 1, parent: -1, fork: 0, end: 0)]

    mutating func fork(from branch: Int, at position: UInt64) -> Int {
        branches.append(
            Branch(timeline: branches[branch].timeline + 1, parent: branch, fork: position, end: position))
        return branches.count - 1
    }

    /// A server writes from `start` to `end`.
    ///
    /// - Returns: the branch it is on then: another one, of the same number, where somebody else has written already.
    mutating func write(_ branch: Int, from start: UInt64, to end: UInt64) -> Int {
        guard start < branches[branch].end else {
            branches[branch].end = end
            return branch
        }
        branches.append(Branch(timeline: branches[branch].timeline, parent: branch, fork: start, end: end))
        return branches.count - 1
    }

    /// Whether a server that has `held` of `branch` has everything up to `position` of `other`.
    func contains(_ branch: Int, _ held: UInt64, _ other: Int, _ position: UInt64) -> Bool {
        var (current, limit) = (branch, held)
        while current >= 0 {
            if current == other { return position <= limit }
            limit = min(limit, branches[current].fork)
            current = branches[current].parent
        }
        return false
    }

    /// The branch a server at `position` of `branch`'s course is on: an ancestor where the course had not forked yet.
    func branch(of branch: Int, at position: UInt64) -> Int {
        var current = branch
        while branches[current].parent >= 0, position <= branches[current].fork { current = branches[current].parent }
        return current
    }

    /// What PostgreSQL can tell from the numbers alone: whether `position` of `timeline` lies on the course of `upstream`.
    ///
    /// - Parameter end: how far the upstream itself has got.
    func looksFollowable(_ timeline: UInt32, _ position: UInt64, by upstream: Int, at end: UInt64) -> Bool {
        var (current, limit) = (upstream, end)
        while current >= 0 {
            if branches[current].timeline == timeline { return position <= limit }
            limit = branches[current].fork
            current = branches[current].parent
        }
        return false
    }
}
