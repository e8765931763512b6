import HighAvailability
import Units

/// synchronous_standby_names: whose acknowledgements a commit waits for, by member.
enum SynchronousRule: Hashable, Sendable {
    case none
    /// `FIRST k (a, b, c)`: the first k of the list that are connected.
    case first(Int, [Int])
    /// `ANY k (a, b, c)`.
    case any(Int, [Int])

    init(_ names: SynchronousStandbyNames) {
        // A name that is no member's is a standby that never comes.
        let members = names.names.map { RunPlan.names.firstIndex(of: $0) ?? -1 }
        switch names.method {
        case _ where names.count == 0: self = .none
        case .any: self = .any(names.count, members)
        case .first: self = .first(names.count, members)
        }
    }

    var isRequired: Bool { self != .none }

    /// As the standby's walsender says it in pg_stat_replication.
    ///
    /// - Parameter connected: who is connected, by member.
    func state(of member: Int, among connected: Set<Int>) -> String {
        switch self {
        case .none: return "async"
        case .any(_, let names): return names.contains(member) ? "quorum" : "async"
        case .first(let count, let names):
            guard let place = names.filter(connected.contains).firstIndex(of: member) else { return "async" }
            return place < count ? "sync" : "potential"
        }
    }

    /// As pg_stat_replication has it: whether somebody is connected does not matter.
    func priority(of member: Int) -> Int {
        switch self {
        case .none: 0
        case .any(_, let names): names.contains(member) ? 1 : 0
        case .first(_, let names): names.firstIndex(of: member).map { $0 + 1 } ?? 0
        }
    }

    /// Whether a commit at `position` may be told to its client.
    ///
    /// - Parameter flushed: what each connected standby has acknowledged, by member.
    func isSatisfied(at position: UInt64, by flushed: [(member: Int, position: UInt64)]) -> Bool {
        switch self {
        case .none:
            return true
        case .any(let count, let names):
            return flushed.count { names.contains($0.member) && $0.position >= position } >= count
        case .first(let count, let names):
            let connected = names.compactMap { name in flushed.first { $0.member == name } }
            guard connected.count >= count else { return false }
            return connected.prefix(count).allSatisfy { $0.position >= position }
        }
    }
}
