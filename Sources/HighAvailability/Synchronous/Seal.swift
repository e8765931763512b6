/// A promise not to receive WAL from the leader of an epoch that may be over.
///
/// A standby that still streams could confirm a commit to the old leader *after* it told a candidate its position. So it
/// first ends its walreceiver and promises the next epoch; only then its position is a vote (see ``SynchronousElection``).
///
/// Why a promise cannot stop the replication of a healthy cluster: it is given only by a member that itself sees the lock
/// free, in the very version the candidate read; and it ends with that version. A candidate takes the lock over exactly the
/// version it read, so once the lock has another one, by a renewal of the old leader or by a new one, the vote it was given
/// for is decided. A promise is kept on disk: a member that forgot it in a restart would count a whole ttl for the old
/// leader again, and follow it.
public struct Seal: Hashable, Sendable {
    /// The epoch the candidate will lead.
    public var epoch: Int64
    /// Version of the free lock the promise was given for; empty when there was no lock object.
    public var lockVersion: String

    public init(epoch: Int64, lockVersion: String) {
        self.epoch = epoch
        self.lockVersion = lockVersion
    }

    /// The promise that lets a candidate take this lock; nil lock: there is no object.
    public init(for lock: LockRecord?) {
        self.init(epoch: LockRecord.epoch(after: lock), lockVersion: lock?.version ?? "")
    }

    /// Whether the member may receive WAL from whoever holds `lock`.
    ///
    /// - Parameter lock: from a live read. A watch may show the past, and an older version is not a newer one.
    public func permitsFollowing(_ lock: LockRecord) -> Bool {
        lock.epoch >= epoch || lock.version != lockVersion
    }
}

/// A candidate's request for a ``Seal``, as the asked member answers it.
public enum SealVerdict: Hashable, Sendable {
    case seal
    /// Why not, for the candidate's log.
    case refuse(String)
}

/// Judges whether this member stops receiving WAL because another one wants to be elected.
///
/// - Parameters:
///   - standing, lock: as this member itself sees them.
///   - isPrimary: a primary has nothing to stop, and no seal to give.
///   - activity: what is under way here. Only a race leaves the server, and what it receives, as they are.
public func judgeSeal(
    _ wanted: Seal, standing: LockStanding, lock: LockRecord?, isPrimary: Bool, activity: Activity? = nil
) -> SealVerdict {
    if let activity, activity != .racing { return .refuse("\(activity.rawValue) in progress") }
    if isPrimary { return .refuse("I run as a primary") }
    guard standing.isFree else { return .refuse("the lock is \(standing)") }
    guard Seal(for: lock) == wanted else {
        return .refuse("I see another version of the lock than the candidate")
    }
    return .seal
}
