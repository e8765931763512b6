public import HighAvailability

/// How an observer judges the holder: by what changes, and by a clock of its own.
extension LockRecord {
    /// Neither renewed nor passed on from one to the other.
    public func isUnchanged(since other: LockRecord) -> Bool {
        leader == other.leader && epoch == other.epoch && renewal == other.renewal && ttl == other.ttl
    }

    /// Whether the holder has not renewed for so long that another member should have taken the lock.
    ///
    /// False for a lock that does not say how long it is good.
    ///
    /// - Parameter age: for how long the observer has seen no change.
    public func isOverdue(unchangedFor age: Duration) -> Bool {
        guard leader != nil, let ttl else { return false }
        return age > ttl + Self.succession
    }

    /// What an election takes once the lock is no good any more: a failover in time is no fault of the lock.
    private static let succession = Duration.seconds(3)
}
