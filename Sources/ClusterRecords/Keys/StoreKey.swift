/// Every annotation of the store, declared once.
public enum StoreKey {
    // Patroni's.
    public static let leader = "leader"
    public static let acquireTime = "acquireTime"
    public static let renewTime = "renewTime"
    public static let ttl = "ttl"
    public static let transitions = "transitions"
    public static let position = "optime"
    /// JSON `{member: api_url}`, beside the lock.
    public static let failsafe = "failsafe"
    public static let configuration = "config"
    public static let initialization = "initialize"
    public static let history = "history"
    public static let member = "member"
    public static let scheduledAt = "scheduled_at"
    public static let synchronousStandbys = "sync_standby"
    public static let quorum = "quorum"
    public static let memberStatus = "status"

    // Ours.
    /// JSON `{member, uid, nonce, container}` of the lock's holder.
    public static let holder = "matriarch.dev/holder"
    /// Member that may take the released lock at once.
    public static let heir = "matriarch.dev/next"
    /// Epoch of the last holder; stays when the lock is released.
    public static let epoch = "matriarch.dev/epoch"
    /// On the EndpointSlices of the read-write Service: the ``Reign`` they were written under.
    public static let reign = "matriarch.dev/reign"
    /// Timeline the last holder led on; stays when the lock is released.
    public static let timeline = "matriarch.dev/timeline"
    /// JSON `{member: Pod UID}` for the members of `failsafe`.
    public static let failsafePods = "matriarch.dev/failsafe-pods"
    /// Member that creates the cluster while `initialize` is empty.
    public static let initializer = "matriarch.dev/initializer"
    /// When the synchronous record was written last, so that every write changes something; compared with nothing.
    public static let written = "matriarch.dev/written"
    public static let requestID = "matriarch.dev/request-id"
    /// JSON of the restart one member is asked for, on the configuration's object; see ``RestartOrder``.
    public static let restart = "matriarch.dev/restart"
    /// JSON outcome of the last switchover, for the operator's status.
    public static let switchoverResult = "matriarch.dev/switchover-result"
    /// JSON about what the last promotion may have cost, written with the history.
    public static let loss = "matriarch.dev/failover-loss"
    /// `<prefix><member>`: JSON about the WAL that member last left behind, written before it is gone.
    public static let abandonedPrefix = "abandoned.matriarch.dev/"
}
