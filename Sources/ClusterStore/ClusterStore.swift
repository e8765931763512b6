public import ClusterRecords
public import HighAvailability
public import Units

/// Where the cluster's lock, settings and requests live.
///
/// Every call takes a deadline on the boot clock and never outlives it. A thrown error means that the state of the store is
/// not known; a returned value means that it is.
public protocol ClusterStore: Sendable {
    /// Reads the lock from the server, never from a cache.
    func readLock(deadline: BootInstant) async throws -> LockRecord?

    /// UIDs of the cluster's Pods, read from the server now.
    func existingPods(deadline: BootInstant) async throws -> Set<String>

    /// Takes the lock if it is still exactly as `previous` shows it; nil: if the object does not exist.
    ///
    /// - Parameter target: where the read-write Service leads to; nil leaves routing as it is (`Endpoints` lock only).
    func acquire(_ claim: LockClaim, over previous: LockRecord?, target: RoutingTarget?, deadline: BootInstant)
        async throws -> LockWrite

    /// Renews a lock this claim's identity holds.
    ///
    /// - Parameter target: where the read-write Service leads to; nil leaves routing as it is (`Endpoints` lock only).
    func renew(_ claim: LockClaim, holding record: LockRecord, target: RoutingTarget?, deadline: BootInstant)
        async throws -> LockWrite

    /// Lets the lock go, naming who may take it at once.
    ///
    /// - Parameter reason: why it goes to the heir, for the history; nil without one.
    /// - Returns: false when it was not ours any more.
    func release(
        _ record: LockRecord, heir: String?, because reason: ChangeKind?, position: LSN?, deadline: BootInstant
    ) async throws -> Bool

    /// Claims the right to create the cluster; exactly one claimant succeeds.
    func claimInitialization(by member: String, deadline: BootInstant) async throws -> Bool

    /// Records the system identifier: from here on no other data may join.
    func completeInitialization(systemIdentifier: String, deadline: BootInstant) async throws

    /// Gives up a claim whose initdb failed, so that another member may try.
    func cancelInitialization(by member: String, deadline: BootInstant) async throws

    /// Publishes this member's status, and changes its role label.
    func publish(
        _ status: MemberRecord, label: RoleLabelChange, member: String, podUID: String?, deadline: BootInstant
    ) async throws

    /// Takes the primary label from a member that does not lead any more.
    func demoteLabel(of member: String, deadline: BootInstant) async throws

    /// Reads the request for a change of leader, from the server, never from a cache; nil when there is none.
    func readFailover(deadline: BootInstant) async throws -> FailoverRequest?

    /// Takes off the request that was read, before it is carried out: whoever withdraws it later comes too late, whoever did so
    /// before is obeyed.
    ///
    /// - Returns: false when the store does not hold exactly this one any more.
    func takeFailover(_ request: FailoverRequest, deadline: BootInstant) async throws -> Bool

    /// Removes the request that was read, not a newer one, and records what became of it.
    func finishFailover(_ request: FailoverRequest?, result: SwitchoverResult, deadline: BootInstant) async throws

    /// Reads who may be elected while commits wait for standbys, from the server, never from a cache.
    func readSynchronous(deadline: BootInstant) async throws -> SynchronousState?

    /// Writes it if it is still exactly as `former` shows it; nil: if the object does not exist.
    ///
    /// - Returns: what is stored now, with its new version; nil when somebody else has written meanwhile.
    func writeSynchronous(_ state: SynchronousState, over former: SynchronousState?, deadline: BootInstant)
        async throws -> SynchronousState?

    /// Reads what the settings ask of synchronous replication, from the server, never from a cache.
    ///
    /// - Returns: nil when no settings are stored, or they do not tell the mode.
    func readSynchronousPolicy(deadline: BootInstant) async throws -> SynchronousPolicy?

    /// Reads the history of timelines from the server, never from a cache; nil when its object does not exist.
    func readHistory(deadline: BootInstant) async throws -> StoredHistory?

    /// Replaces the history if nothing beside it was written since it was read, and says what its last switch may have cost.
    ///
    /// - Returns: false when somebody has written meanwhile.
    func writeHistory(
        _ switches: [TimelineSwitch], over former: StoredHistory, loss: FailoverLoss?, deadline: BootInstant
    ) async throws -> Bool

    /// Records the WAL this member is about to lose.
    func recordAbandoned(_ abandoned: AbandonedWAL, of member: String, leader: String, deadline: BootInstant)
        async throws
}

/// What a write to the lock came to, once that is known for certain.
public enum LockWrite: Hashable, Sendable {
    /// The lock is ours. Its validity counts from `sentAt`, when the first attempt left.
    case held(LockRecord, sentAt: BootInstant)
    /// Another holder, or a free lock, in a live read.
    case lost(LockRecord?)
}

/// The address behind the read-write Service when the lock is an Endpoints object.
public struct RoutingTarget: Hashable, Sendable {
    public var address: String
    public var port: Int
    public var pod: String
    public var podUID: String
    public var node: String?

    public init(address: String, port: Int, pod: String, podUID: String, node: String?) {
        self.address = address
        self.port = port
        self.pod = pod
        self.podUID = podUID
        self.node = node
    }
}
