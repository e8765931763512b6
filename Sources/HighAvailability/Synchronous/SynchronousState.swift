/// Who may be elected without losing an acknowledged commit: what the store says about synchronous replication.
///
/// The object and its annotations are Patroni 4.1's (`leader`, `sync_standby`, `quorum`). An election may be won by
///  - the recorded leader, which wrote every commit it acknowledged, or
///  - whoever is not behind `quorum + 1` of the members. With a quorum of 0 that is any one of them.
public struct SynchronousState: Codable, Hashable, Sendable {
    /// Opaque version of the object; every write names the one it was decided on.
    public var version: String
    /// Who may acknowledge commits; nil: nobody waits for standbys, and this record decides nothing.
    public var leader: String?
    /// Standbys of which every acknowledged commit is on enough.
    public var members: Set<String>
    /// How many of the *other* members a candidate among them must have heard from.
    public var quorum: Int

    public init(version: String = "", leader: String?, members: Set<String> = [], quorum: Int = 0) {
        self.version = version
        self.leader = leader
        self.members = members
        self.quorum = quorum
    }

    /// It restricts who may be elected.
    public var isActive: Bool { leader != nil }

    /// Quorums that are taken as they are read.
    public static let quorums: ClosedRange<Int> = 0...1_000_000

    /// Stands for a quorum that cannot be read: one that no members reach, so that only the recorded leader can be elected.
    public static let unreachableQuorum = quorums.upperBound

    /// Reads a quorum; nil when it cannot be.
    public static func quorum(reading text: String) -> Int? {
        Int(text).flatMap { quorums.contains($0) ? $0 : nil }
    }

    /// There are enough members to elect one of them; the leader can be elected all the same.
    public var canElect: Bool { quorum + 1 <= members.count }

    /// Says the same, whatever its version.
    public func meansTheSame(as other: SynchronousState?) -> Bool {
        leader == other?.leader && members == other?.members && quorum == other?.quorum
    }
}
