/// Annotations.
public enum Annotations {
    /// On Pods: the member as its agent describes it (Patroni's JSON).
    public static let memberStatus = "status"
    /// On the store object of the lock: who holds it.
    public static let leader = "leader"
    /// On the store object of the lock: rises with every acquisition.
    public static let epoch = "matriarch.dev/epoch"
    /// On the EndpointSlices of the read-write Service, by the leader: `<lock's UID>/<epoch>/<member>/<Pod UID>/<nonce>`.
    public static let reign = "matriarch.dev/reign"
    /// On the read-write Service, by the operator: its route is the leader's EndpointSlice, not a selector.
    public static let route = "matriarch.dev/route"
    public static let routeBySlice = "EndpointSlice"
    /// On the store object of the configuration.
    public static let configuration = "config"
    public static let initialize = "initialize"
    public static let history = "history"
    /// On the store object of the failover request.
    public static let failoverLeader = "leader"
    public static let failoverMember = "member"
    public static let failoverRequestID = "matriarch.dev/request-id"
    /// On the store object of the configuration, by the primary's agent: JSON about the last switchover.
    public static let switchoverResult = "matriarch.dev/switchover-result"
    /// On the store object of the configuration, by a new primary's agent: JSON about what its promotion may have cost.
    public static let failoverLoss = "matriarch.dev/failover-loss"
    /// On the store object of the configuration, `<prefix><member>`: JSON about the WAL that member left behind.
    public static let abandonedPrefix = "abandoned.matriarch.dev/"
    /// On the store object of the synchronous standbys.
    public static let synchronousStandbys = "sync_standby"
    public static let quorum = "quorum"
    /// On the store object of the configuration: JSON of the restart one member is asked for.
    public static let restart = "matriarch.dev/restart"
    /// On applied objects: hash of what was applied, so that a removed field is noticed too.
    public static let appliedHash = "matriarch.dev/applied-hash"
}

/// Names the operator is known by.
public enum OperatorNames {
    public static let finalizer = "matriarch.dev/cleanup"
    /// Field manager of every server-side apply.
    public static let fieldManager = "matriarch"
    public static let namespace = "matriarch-system"
    public static let deployment = "matriarch-operator"
    public static let lease = "matriarch-operator"
    public static let container = "postgres"
    public static let postgresPort = 5432
    public static let agentPort = 8008
}
