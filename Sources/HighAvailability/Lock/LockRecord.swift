public import Units

/// The lock object as read.
public struct LockRecord: Codable, Hashable, Sendable {
    /// Opaque version of the object; every write that decides names the one it was decided on.
    public var version: String
    /// UID of the object; nil when it is not known. Epochs of two objects cannot be compared.
    public var objectUID: String?
    /// Name of the holder; nil when the lock is free. Written by Patroni too.
    public var leader: String?
    /// Full identity of the holder; nil when a Patroni agent holds the lock.
    public var identity: HolderIdentity?
    /// Rises by one with every acquisition.
    public var epoch: Int64
    /// Container instance the holder runs in: a ``ContainerInstance/name``, or the container's ID in the record of an agent
    /// that did not name itself yet. Nil: its death is found by ttl alone.
    public var containerInstance: String?
    /// The holder's stamp of its last renewal; compared for equality only, never as a time.
    public var renewal: String?
    public var ttl: Duration?
    /// Member that may take a released lock at once.
    public var heir: String?
    /// Why it was let go to the heir; nil when the former holder did not say.
    public var handover: ChangeKind?
    /// Last position the holder published; after a clean release its shutdown checkpoint.
    public var position: LSN?
    public var timeline: Timeline?
    /// Patroni's count of leader changes.
    public var transitions: Int
    /// Who may take the lock when it has run out, and has to agree to a leader that cannot renew it; nil without failsafe.
    public var failsafe: FailsafeList?

    public init(
        version: String, leader: String? = nil, identity: HolderIdentity? = nil, epoch: Int64 = 0,
        containerInstance: String? = nil, renewal: String? = nil, ttl: Duration? = nil, heir: String? = nil,
        handover: ChangeKind? = nil, position: LSN? = nil, timeline: Timeline? = nil, transitions: Int = 0,
        failsafe: FailsafeList? = nil, objectUID: String? = nil
    ) {
        self.version = version
        self.objectUID = objectUID
        self.leader = leader
        self.identity = identity
        self.epoch = epoch
        self.containerInstance = containerInstance
        self.renewal = renewal
        self.ttl = ttl
        self.heir = heir
        self.handover = handover
        self.position = position
        self.timeline = timeline
        self.transitions = transitions
        self.failsafe = failsafe
    }

    /// Whether it says what `former` said, with another stamp.
    public func isRenewal(of former: LockRecord) -> Bool {
        var unstamped = self
        (unstamped.version, unstamped.renewal) = (former.version, former.renewal)
        return unstamped == former && renewal != former.renewal
    }
}
