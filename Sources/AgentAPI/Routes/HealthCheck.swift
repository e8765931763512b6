import AgentShell
import HighAvailability
import Units

/// The health paths, as Patroni recognises them: by what the path contains, in this order, the first match wins.
enum HealthCheck: Hashable, CaseIterable {
    case standbyLeader
    case leader
    case primary
    case replica
    case readOnly
    case health
    case synchronous
    case quorum
    case asynchronous
    case readOnlyQuorum
    case readOnlySynchronous
    /// Not a path Patroni knows: answered like a check that fails.
    case unknown

    init(path: String) {
        func has(_ part: String) -> Bool { path.contains(part) }
        if path == "/" {
            self = .primary
        } else if has("standby_leader") || has("standby-leader") {
            self = .standbyLeader
        } else if has("leader") {
            self = .leader
        } else if has("master") || has("primary") || has("read-write") {
            self = .primary
        } else if has("replica") {
            self = .replica
        } else if has("read-only") && !has("sync") && !has("quorum") {
            self = .readOnly
        } else if has("health") {
            self = .health
        } else {
            self = Self.exactPaths[path] ?? .unknown
        }
    }

    private static let exactPaths: [String: HealthCheck] = [
        "/sync": .synchronous, "/synchronous": .synchronous, "/quorum": .quorum,
        "/async": .asynchronous, "/asynchronous": .asynchronous, "/read-only-quorum": .readOnlyQuorum,
        "/read-only-sync": .readOnlySynchronous, "/read-only-synchronous": .readOnlySynchronous,
    ]

    /// Whether tags of the query are looked at: a leader is the leader whatever its tags.
    private var regardsTags: Bool {
        switch self {
        case .standbyLeader, .leader, .primary: false
        case .replica, .readOnly, .health, .synchronous, .quorum, .asynchronous, .readOnlyQuorum, .readOnlySynchronous,
            .unknown:
            true
        }
    }

    /// Whether the member answers 200.
    func passes(_ member: MemberSnapshot, query: [String: String], now: BootInstant) -> Bool {
        let isFresh = member.isStoreFresh(at: now)
        // In pause without a store the server's own role is all there is.
        let isLeader =
            !isFresh && member.isPaused
            ? member.isAnswering && (member.role == .primary || member.role == .standbyLeader)
            : member.isLeader(at: now)
        let isReplica = Self.isUsableReplica(member, query: query)
        let passes =
            switch self {
            case .standbyLeader: isLeader && member.role == .standbyLeader
            case .leader: isLeader
            case .primary: isLeader && member.role != .standbyLeader
            case .replica: isReplica
            case .readOnly: isLeader || isReplica
            case .health: member.state == .running && member.isAnswering
            case .synchronous: isFresh && member.isSynchronousStandby && isReplica
            case .quorum: isFresh && member.isQuorumStandby && isReplica
            case .asynchronous: isFresh && !member.isSynchronousStandby && !member.isQuorumStandby && isReplica
            case .readOnlyQuorum: isFresh && (isLeader || member.isQuorumStandby && isReplica)
            case .readOnlySynchronous: isFresh && (isLeader || member.isSynchronousStandby && isReplica)
            case .unknown: false
            }
        return passes && (!regardsTags || Self.hasTags(member, query: query))
    }

    private static func isUsableReplica(_ member: MemberSnapshot, query: [String: String]) -> Bool {
        guard member.mayBalanceLoad, member.role == .replica, member.state == .running, member.isAnswering else {
            return false
        }
        if let wanted = query["replication_state"], wanted != member.replicationState { return false }
        if let limit = query["lag"].flatMap(ByteSize.parse), let newest = member.newestPosition {
            return Int64(clamping: newest.bytes(since: member.replayed ?? .invalid).rawValue) <= limit
        }
        return true
    }

    /// `tag_name=value`: a tag the member does not have never matches.
    private static func hasTags(_ member: MemberSnapshot, query: [String: String]) -> Bool {
        query.allSatisfy { name, value in
            guard name.hasPrefix("tag_") else { return true }
            return member.tags[String(name.dropFirst("tag_".count))]?.queryText == value
        }
    }
}
