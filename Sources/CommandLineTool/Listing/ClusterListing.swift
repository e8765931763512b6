import HighAvailability
import KubernetesModels
import PostgresConfiguration
import Units

/// One cluster as `matriarch list` shows it.
struct ClusterListing: Hashable {
    enum Identity: Hashable {
        case uninitialized
        case initializing
        case systemIdentifier(String)

        var text: String {
            switch self {
            case .uninitialized: "uninitialized"
            case .initializing: "initializing"
            case .systemIdentifier(let identifier): identifier
            }
        }
    }

    struct ScheduledSwitchover: Hashable {
        var at: String
        var from: String?
        var to: String?
    }

    var namespace: String
    var name: String
    var identity: Identity
    var members: [MemberListing]
    var isPaused = false
    var scheduledSwitchover: ScheduledSwitchover?
    /// What its resource asks for is not known.
    var isResourceForbidden = false
    var lock: LockRecord

    /// - Throws: ``CommandError`` for names no member has.
    func requireMembers(_ names: [String]) throws {
        let unknown = names.filter { name in !members.contains { $0.name == name } }
        guard unknown.isEmpty else {
            throw CommandError("\(unknown.joined(separator: ", ")) is not a member of cluster \(name)")
        }
    }
}

/// One member as `matriarch list` shows it.
struct MemberListing: Hashable {
    enum Role: String, Hashable {
        case leader = "Leader"
        case standbyLeader = "Standby Leader"
        case synchronousStandby = "Sync Standby"
        case quorumStandby = "Quorum Standby"
        case replica = "Replica"

        /// Holds the lock, of whatever kind of cluster.
        var leads: Bool { self == .leader || self == .standbyLeader }
    }

    /// A position and how far it is behind the leader.
    struct Position: Hashable {
        var position: LSN
        var lag: ByteCount
    }

    var name: String
    var host: String?
    var port: Int?
    var role: Role
    /// `unknown` for a member that was asked and has not answered, or cannot.
    var state: String
    /// Since when nothing is heard of it, in the words of Kubernetes.
    var unknownSince: String?
    /// When the lock it holds was last seen to change; only while that is longer ago than it is good.
    var lockUnrenewedSince: String?
    var timeline: Int64?
    var received: Position?
    var replayed: Position?
    var hasPendingRestart = false
    var pendingSettings: [PendingSetting] = []
    var scheduledRestart: String?
    var tags: [String: JSONValue] = [:]
    /// What its agent calls itself; for `matriarch version`.
    var agentVersion: String?
    var serverVersion: Int?
    /// nil where no tree is shown.
    var place: Place?
}

extension PendingSetting {
    /// As Patroni's list writes it.
    var change: String { "\(name): \(oldValue)->\(newValue)" }
}
