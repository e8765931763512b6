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
}
