/// Every annotation, declared once.
///
/// On the store's objects, on Pods and on the route. Those without a domain are Patroni's.
public enum StoreKey {
    // MARK: On the lock

    /// Who holds it; also on the failover request and on the synchronous record: the leader these were written for.
    public static let leader = "leader"
    /// When the holder took it, RFC 3339; for people and for Patroni.
    public static let acquireTime = "acquireTime"
    /// When it was written last, RFC 3339: every renewal changes it, and nobody here compares it with a clock.
    public static let renewTime = "renewTime"
    /// Of the holder, in seconds, perhaps with a fraction.
    public static let ttl = "ttl"
    /// How often the lock has changed hands, from 0.
    public static let transitions = "transitions"
    /// How far the holder has written, in bytes: a decimal number.
    public static let position = "optime"
    /// JSON `{member: api_url}`.
    public static let failsafe = "failsafe"
    /// Patroni's permanent slots; read and written by its leaders alone.
    public static let slots = "slots"
    public static let retainedSlots = "retain_slots"
    /// JSON `{member, uid, nonce, container}` of the holder.
    public static let holder = "matriarch.dev/holder"
    /// Member that may take the released lock at once.
    public static let heir = "matriarch.dev/next"
    /// Why the lock was let go to the heir: `<epoch>/<kind>`, of the reign that ended.
    public static let handover = "matriarch.dev/handover"
    /// Rises with every acquisition; that of the last holder stays when the lock is released.
    public static let epoch = "matriarch.dev/epoch"
    /// Timeline the last holder led on; stays when the lock is released.
    public static let timeline = "matriarch.dev/timeline"
    /// JSON `{member: Pod UID}` for the members of ``failsafe``.
    public static let failsafePods = "matriarch.dev/failsafe-pods"

    // MARK: On the configuration

    public static let configuration = "config"
    /// The system identifier; empty while ``initializer`` makes the data.
    public static let initialization = "initialize"
    public static let history = "history"
    /// JSON list of what led to entries of ``history``: `[timeline, lsn, leader, kind]`.
    public static let historyKinds = "matriarch.dev/history-kinds"
    /// Member that creates the cluster while ``initialization`` is empty.
    public static let initializer = "matriarch.dev/initializer"
    /// JSON of the restart one member is asked for; see ``RestartOrder``.
    public static let restart = "matriarch.dev/restart"
    /// JSON of the copy one member is asked to make anew; see ``ReinitializeOrder``.
    public static let reinitialize = "matriarch.dev/reinitialize"
    /// Which list of declared roles is in force: its revision, by the operator; see ``DeclaredRoles``.
    public static let roles = "matriarch.dev/roles"
    /// JSON about the last switchover, by the agent that led.
    public static let switchoverResult = "matriarch.dev/switchover-result"
    /// JSON about what the last promotion may have cost, by the new primary's agent, written with the history.
    public static let loss = "matriarch.dev/failover-loss"
    /// `<prefix><member>`: JSON about the WAL that member last left behind, written before it is gone.
    public static let abandonedPrefix = "abandoned.matriarch.dev/"

    // MARK: On the failover request

    /// The candidate; nobody in particular when it is absent or empty.
    public static let member = "member"
    /// When it is due, RFC 3339 with a time zone; Patroni's tools write it.
    public static let scheduledAt = "scheduled_at"
    public static let requestID = "matriarch.dev/request-id"

    // MARK: On the synchronous record

    public static let synchronousStandbys = "sync_standby"
    /// Whoever is not behind one more of the members than this may be elected; a decimal number, 0 with the mode `on`.
    public static let quorum = "quorum"
    /// When the record was written last, so that every write changes something; compared with nothing.
    public static let written = "matriarch.dev/written"

    // MARK: On Pods

    /// The member as its agent describes it: Patroni's JSON.
    public static let memberStatus = "status"

    // MARK: On the route

    /// On the EndpointSlices of the read-write Service: the ``Reign`` they were written under,
    /// `<lock's UID>/<epoch>/<member>/<Pod UID>/<nonce>`.
    public static let reign = "matriarch.dev/reign"
    /// On the read-write Service, by the operator: its route is the leader's EndpointSlice, not a selector.
    public static let route = "matriarch.dev/route"
    /// Value of ``route``.
    public static let routeBySlice = "EndpointSlice"

    // MARK: On what the operator applies

    /// Hash of what was applied, so that a removed field is noticed too.
    public static let appliedHash = "matriarch.dev/applied-hash"
}
