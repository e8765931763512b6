import Units

/// Where a standby cluster gets its WAL from: `standby_cluster` of the dynamic configuration (patroni.md §1.21).
///
/// While it is there no member is promoted: the leader follows the remote server, the others follow the leader.
public struct StandbyCluster: Codable, Hashable, Sendable, CustomStringConvertible {
    /// Name or address of the remote server, an IPv6 address without brackets; nil: none that could be followed was named, and still nobody is promoted.
    public var host: String?
    public var port: Int
    /// Replication slot there; nil streams without one.
    public var slot: String?

    public init(host: String?, port: Int = 5432, slot: String? = nil) {
        self.host = host
        self.port = port
        self.slot = slot
    }

    public var description: String { host.map { ServerPlace(host: $0, port: port).description } ?? "no host" }
}

/// The remote server a standby leader follows, and in which of its reigns it began to.
public struct FollowedRemote: Codable, Hashable, Sendable {
    public var section: StandbyCluster
    public var epoch: Int64

    public init(_ section: StandbyCluster, epoch: Int64) {
        self.section = section
        self.epoch = epoch
    }
}
