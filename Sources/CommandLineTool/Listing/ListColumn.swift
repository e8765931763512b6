import HighAvailability
import KubernetesModels
import PlainText
import PostgresConfiguration
import Units

/// A column of `matriarch list`, in Patroni's order.
enum ListColumn: CaseIterable {
    case namespace, cluster, member, host, role, state, timeline, receivePosition, receiveLag, replayPosition, replayLag
    case follows, unknownSince, lock, pendingRestart, pendingRestartReason, scheduledRestart, tags

    /// The name in JSON, YAML and TSV.
    var key: String {
        switch self {
        case .namespace: "Namespace"
        case .cluster: "Cluster"
        case .member: "Member"
        case .host: "Host"
        case .role: "Role"
        case .state: "State"
        case .timeline: "TL"
        case .receivePosition: "Receive LSN"
        case .receiveLag: "Receive Lag"
        case .replayPosition: "Replay LSN"
        case .replayLag: "Replay Lag"
        case .follows: "Follows"
        case .unknownSince: "Unknown since"
        case .lock: "Lock"
        case .pendingRestart: "Pending restart"
        case .pendingRestartReason: "Pending restart reason"
        case .scheduledRestart: "Scheduled restart"
        case .tags: "Tags"
        }
    }

    /// The heading of a printed table, where the lag stands beside its position.
    var heading: TextTable.Column {
        switch self {
        case .receiveLag, .replayLag: TextTable.Column(title: "Lag", alignment: .right)
        case .timeline, .receivePosition, .replayPosition: TextTable.Column(title: key, alignment: .right)
        case .namespace, .cluster, .member, .host, .role, .state, .follows, .unknownSince, .lock, .pendingRestart,
            .pendingRestartReason, .scheduledRestart, .tags:
            TextTable.Column(title: key)
        }
    }

    /// Shown only when some member has a value, or all are asked for.
    var isOptional: Bool {
        switch self {
        case .follows, .unknownSince, .lock, .pendingRestart, .pendingRestartReason, .scheduledRestart, .tags: true
        case .namespace, .cluster, .member, .host, .role, .state, .timeline, .receivePosition, .receiveLag,
            .replayPosition, .replayLag:
            false
        }
    }

    /// The value of a member; nil when there is none.
    func value(_ member: MemberListing, in cluster: ClusterListing, showsPort: Bool) -> JSONValue? {
        switch self {
        case .namespace: return .string(cluster.namespace)
        case .cluster: return .string(cluster.name)
        case .member: return .string(member.name)
        case .host:
            guard let host = member.host else { return nil }
            guard showsPort, let port = member.port else { return .string(host) }
            return .string(host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
        case .role: return .string(member.role.rawValue)
        case .state: return member.state.isEmpty ? nil : .string(member.state)
        case .timeline: return member.timeline.map { .int($0) }
        case .receivePosition: return Self.position(member.received, member)
        case .receiveLag: return Self.lag(member.received, member)
        case .replayPosition: return Self.position(member.replayed, member)
        case .replayLag: return Self.lag(member.replayed, member)
        case .follows: return member.place?.source.map { .string($0) }
        case .unknownSince: return member.unknownSince.map { .string($0) }
        case .lock: return member.lockUnrenewedSince.map { .string("not renewed since \($0)") }
        case .pendingRestart: return member.hasPendingRestart ? "*" : nil
        case .pendingRestartReason:
            return member.pendingSettings.isEmpty
                ? nil : .string(member.pendingSettings.map(\.change).joined(separator: "\n"))
        case .scheduledRestart: return member.scheduledRestart.map { .string($0) }
        case .tags: return member.tags.isEmpty ? nil : .object(member.tags)
        }
    }

    private static func position(_ position: MemberListing.Position?, _ member: MemberListing) -> JSONValue? {
        guard !member.role.leads else { return nil }
        return .string(position?.position.description ?? "unknown")
    }

    /// In MB, rounded.
    private static func lag(_ position: MemberListing.Position?, _ member: MemberListing) -> JSONValue? {
        guard !member.role.leads, let position else { return nil }
        return .int(Int64((Double(position.lag.rawValue) / 1_048_576).rounded(.toNearestOrEven)))
    }
}
