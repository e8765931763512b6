public import HighAvailability
import KubernetesModels

/// What is different about one member.
public struct InstanceOverride: Sendable, Hashable, Codable {
    public var name: String
    public var tags: InstanceTags

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name, tags
    }
}

extension InstanceOverride: SchemaObject {
    public static let summary = "Settings of one member."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .name: Field(.text(maxLength: 253), "Name of the member, for example demo-2.", required: true)
        case .tags: Field(.object(InstanceTags.self), InstanceTags.summary, default: [:])
        }
    }
}

/// What an administrator says of a member; Patroni's tags.
public struct InstanceTags: Sendable, Hashable, Codable {
    public var nofailover: Bool?
    public var failoverPriority: Int?
    public var noloadbalance: Bool?
    public var clonefrom: Bool?
    public var nosync: Bool?
    public var syncPriority: Int?
    public var zone: String?
    public var replicatefrom: String?
    public var nostream: Bool?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case nofailover, failoverPriority, noloadbalance, clonefrom, nosync, syncPriority, zone, replicatefrom, nostream
    }

    public init(
        nofailover: Bool? = nil, failoverPriority: Int? = nil, noloadbalance: Bool? = nil, clonefrom: Bool? = nil,
        nosync: Bool? = nil, syncPriority: Int? = nil, zone: String? = nil, replicatefrom: String? = nil,
        nostream: Bool? = nil
    ) {
        self.nofailover = nofailover
        self.failoverPriority = failoverPriority
        self.noloadbalance = noloadbalance
        self.clonefrom = clonefrom
        self.nosync = nosync
        self.syncPriority = syncPriority
        self.zone = zone
        self.replicatefrom = replicatefrom
        self.nostream = nostream
    }

    /// The tags as agents have them; what is absent has its default.
    public var ofMember: MemberTags {
        let standard = MemberTags()
        return MemberTags(
            isExcludedFromFailover: nofailover ?? standard.isExcludedFromFailover,
            failoverPriority: failoverPriority ?? standard.failoverPriority,
            isExcludedFromLoadBalancing: noloadbalance ?? standard.isExcludedFromLoadBalancing,
            isCloneSource: clonefrom ?? standard.isCloneSource,
            isExcludedFromSynchronous: nosync ?? standard.isExcludedFromSynchronous,
            synchronousPriority: syncPriority ?? standard.synchronousPriority, zone: zone,
            replicatesFrom: replicatefrom, streamsFromNobody: nostream ?? standard.streamsFromNobody)
    }

    /// The highest value the schema admits.
    public static let maximumSyncPriority = 1000
}

extension InstanceTags: SchemaObject {
    public static let summary = "Tags of the member, with Patroni's meaning."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .nofailover: Field(.boolean, "The member never becomes primary.")
        case .failoverPriority:
            Field(
                .integer(minimum: 0, maximum: 1000),
                "Among equally advanced candidates the higher one wins; 0 means never. Absent means 1.")
        case .noloadbalance: Field(.boolean, "The read-only Service leaves the member out, and `/replica` answers 503.")
        case .clonefrom:
            Field(
                .boolean,
                "New replicas are copied from this member while it streams on the leader's timeline, not from the leader."
            )
        case .nosync: Field(.boolean, "No commit ever waits for the member.")
        case .syncPriority:
            Field(
                .integer(minimum: 0, maximum: Int64(maximumSyncPriority)),
                "Commits wait for the members with the highest value first; 0 means never. Absent means 1.")
        case .zone:
            Field(
                .text(maxLength: 63),
                "Failure domain of the member. In mode on, commits wait for members in other zones than the primary's "
                    + "first. Absent: the Pod's label topology.kubernetes.io/zone, which Kubernetes 1.35 and later set."
            )
        case .replicatefrom:
            Field(
                .text(maxLength: 253),
                "Member this one streams from while that one runs and streams; otherwise, and when absent, the leader.")
        case .nostream:
            Field(
                .boolean,
                "The member streams from nobody: what it replays comes from `restore_command`. No Service leads to it.")
        }
    }
}
