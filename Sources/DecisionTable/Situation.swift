public import HighAvailability
import Units

/// One observation with the words to say it in: a lock, a server, and what else is special.
public struct Situation: Sendable {
    /// A value and how a person would call it.
    public struct Named<Value: Sendable>: Sendable {
        public let name: String
        public let value: Value

        init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// One thing that is otherwise than in the plain case.
    public struct Deviation: Sendable {
        public let name: String
        /// Deviations of one kind exclude each other; nil: excludes none.
        let kind: String?
        let change: @Sendable (inout Observation) -> Void

        init(_ name: String, kind: String? = nil, _ change: @escaping @Sendable (inout Observation) -> Void) {
            self.name = name
            self.kind = kind
            self.change = change
        }
    }

    public let lock: Named<LockStanding>
    public let server: Named<ServerState>
    public let deviations: [Deviation]

    /// As member `demo-0` of three sees it; `demo-1` leads where somebody else does.
    public var observation: Observation {
        let leader: String? =
            switch lock.value {
            case .mine: "demo-0"
            case .held(let other): other
            case .mineFromEarlierLife, .released, .expired, .holderDied, .neverTaken: nil
            }
        var observation = Observation(
            now: Self.now, me: "demo-0", cluster: Self.cluster(leader: leader), lock: lock.value, server: server.value)
        for deviation in deviations { deviation.change(&observation) }
        return observation
    }

    static let now = BootInstant(nanoseconds: 1_000_000_000_000)
    static let identifier = "7300000000000000001"
    static let timeline = Timeline(rawValue: 2)

    private static func cluster(leader: String?) -> ClusterView {
        let members = ["demo-0", "demo-1", "demo-2"].map { name in
            Member(
                name: name, podUID: "uid-\(name)", host: "10.0.0.\(name.last ?? "9")",
                role: name == leader ? .primary : .replica, state: .running, timeline: timeline)
        }
        return ClusterView(
            initialization: .done(systemIdentifier: identifier),
            lock: LockRecord(version: "100", leader: leader, epoch: 3, timeline: timeline),
            members: Dictionary(members.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
    }
}

extension Situation {
    /// Every lock with every server and up to `limit` deviations that do not exclude each other, the plainest first.
    public static func all(upTo limit: Int) -> [Situation] {
        var combinations: [[Int]] = [[]]
        var longest: [[Int]] = [[]]
        for _ in 0..<limit {
            longest = longest.flatMap { chosen in
                deviations.indices.filter { $0 > chosen.last ?? -1 && isCompatible($0, with: chosen) }
                    .map { chosen + [$0] }
            }
            combinations += longest
        }
        return combinations.flatMap { chosen in
            locks.flatMap { lock in
                servers.map { Situation(lock: lock, server: $0, deviations: chosen.map { deviations[$0] }) }
            }
        }
    }

    private static func isCompatible(_ index: Int, with chosen: [Int]) -> Bool {
        guard let kind = deviations[index].kind else { return true }
        return !chosen.contains { deviations[$0].kind == kind }
    }
}
