import ClusterRecords

/// A row of `pg_stat_replication`.
public struct ReplicationConnection: Hashable, Sendable {
    public var userName: String
    public var applicationName: String
    public var clientAddress: String?
    public var state: String
    public var syncState: String
    public var syncPriority: Int

    public init(
        userName: String, applicationName: String, clientAddress: String?, state: String, syncState: String,
        syncPriority: Int
    ) {
        self.userName = userName
        self.applicationName = applicationName
        self.clientAddress = clientAddress
        self.state = state
        self.syncState = syncState
        self.syncPriority = syncPriority
    }

    var json: OrderedJSON {
        .object([
            ("usename", .string(userName)), ("application_name", .string(applicationName)),
            ("client_addr", clientAddress.map { .string($0) } ?? .null), ("state", .string(state)),
            ("sync_state", .string(syncState)), ("sync_priority", .int(Int64(syncPriority))),
        ])
    }
}
