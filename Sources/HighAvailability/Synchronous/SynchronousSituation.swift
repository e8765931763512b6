/// Everything the next step of synchronous replication depends on, seen by the primary.
public struct SynchronousSituation: Hashable, Sendable {
    /// The primary, which holds the lock.
    public var me: String
    public var policy: SynchronousPolicy
    /// As read from the store; nil when there is no record.
    public var record: SynchronousState?
    /// What the running server waits for, read back from it; nil when it is none of our forms.
    public var names: SynchronousStandbyNames?
    /// Whose confirmations commits should wait for, best first (``pickSynchronousStandbys(_:policy:current:)``).
    public var picked: [String]
    /// Recorded standbys that are as fit as the picked ones: they need not leave before another is ready.
    public var fit: Set<String>
    /// Standbys that have on disk everything the primary had when ``names`` came into force.
    ///
    /// So they have every commit that was acknowledged under the names before. Empty until that position is known.
    public var confirmed: Set<String>

    public init(
        me: String, policy: SynchronousPolicy, record: SynchronousState?, names: SynchronousStandbyNames?,
        picked: [String], fit: Set<String>? = nil, confirmed: Set<String>
    ) {
        self.me = me
        self.policy = policy
        self.record = record
        self.names = names
        self.picked = picked
        self.fit = fit ?? Set(picked)
        self.confirmed = confirmed
    }
}

/// One write; the next is decided from what is there after it.
public enum SynchronousStep: Hashable, Sendable {
    /// Write the store's record over the version the step was decided on.
    case record(members: Set<String>, quorum: Int)
    /// Nobody waits for standbys any more: the record restricts no election.
    case clearRecord
    /// Have the server wait for these, and read back that it does.
    case names(SynchronousStandbyNames)
}
