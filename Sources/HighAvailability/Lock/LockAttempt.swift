/// A write to the lock, and how a live read settles what became of it when its answer was lost or it was refused.
public enum LockAttempt: Hashable, Sendable {
    /// Takes the lock over the record of this version; nil: creates it.
    case acquisition(over: String?)
    /// Renews it in this epoch.
    case renewal(epoch: Int64)

    /// What the record, read live after a failed attempt, says of it.
    ///
    /// - Invariant: `.landed` only if the record shows this very holder with the stamp of this very attempt.
    /// - Parameters:
    ///   - base: the record the attempt was made over; nil when it was a creation.
    ///   - stamp: what the attempt would have left in ``LockRecord/renewal``.
    public func settle(
        _ read: LockRecord?, over base: LockRecord?, identity: HolderIdentity, stamp: String
    ) -> LockSettlement {
        guard let read else { return base == nil ? .again(over: nil) : .lost(nil) }
        if read.identity == identity, read.renewal == stamp { return .landed(read) }
        switch self {
        case .acquisition(let version):
            // Whoever changed the record after we judged it free, we judged another record: no second attempt.
            return read.version == version ? .again(over: read) : .lost(read)
        case .renewal(let epoch):
            // Somebody may touch the object, but while it names us in our epoch the lock is ours to renew.
            // An epoch nobody can read is no other one: whoever took the lock since would have left another identity.
            return read.identity == identity && (read.epoch == epoch || !read.hasReadableEpoch)
                ? .again(over: read) : .lost(read)
        }
    }

    /// The same for a release.
    ///
    /// - Parameters:
    ///   - released: the record as it was held.
    ///   - heir: whom the release named.
    public static func settleRelease(
        of released: LockRecord, to heir: String?, read: LockRecord?
    ) -> LockSettlement {
        guard let read else { return .lost(nil) }
        // Our own write landed and its answer was lost: free in our epoch, or taken by the heir already.
        if read.leader == nil, read.epoch == released.epoch { return .landed(read) }
        if let heir, read.leader == heir, heir != released.identity?.member { return .landed(read) }
        return read.identity == released.identity ? .again(over: read) : .lost(read)
    }
}

/// What a live read says of a write whose outcome was not known.
public enum LockSettlement: Hashable, Sendable {
    case landed(LockRecord)
    /// Not landed, and never will: the record is another's, or free.
    case lost(LockRecord?)
    /// Not landed; to be tried again over this record.
    case again(over: LockRecord?)
}
