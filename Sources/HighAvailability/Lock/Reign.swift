/// One acquisition of the lock, as a record shows it: enough for a leader that cannot look itself to learn that it leads no more.
///
/// - Invariant: within one object the epoch only rises, by one with every acquisition, and the first record of an epoch is its
///   holder's own. So a view that is behind shows an earlier epoch, however far it is behind: a later one, or another holder
///   of the same, was written after the acquisition it is compared with. An object that was deleted and created again counts
///   from the beginning, so reigns of two objects say nothing about each other.
public struct Reign: Hashable, Sendable {
    /// UID of the object that holds the lock.
    public var objectUID: String
    public var epoch: Int64
    /// nil when the lock is free in this epoch, or Patroni's.
    public var holder: HolderIdentity?

    /// nil when the record does not tell its object, or an epoch that can be compared.
    public init?(_ record: LockRecord) {
        guard record.hasReadableEpoch, let objectUID = record.objectUID, !objectUID.isEmpty else { return nil }
        self.objectUID = objectUID
        epoch = record.epoch
        holder = record.identity
    }

    /// Another holder, or none, was in the lock after this reign began.
    public func isOver(bySightOf seen: Reign) -> Bool {
        guard seen.objectUID == objectUID else { return false }
        return seen.epoch > epoch || (seen.epoch == epoch && seen.holder != holder)
    }
}

/// `<object UID>/<epoch>/<member>/<Pod UID>/<nonce>`; the last three are empty without a holder.
extension Reign: LosslessStringConvertible {
    public init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, !parts[0].isEmpty, let epoch = LockRecord.epoch(reading: parts[1])
        else { return nil }
        let isHeld = !parts[2].isEmpty
        guard isHeld != parts[3].isEmpty, isHeld != parts[4].isEmpty else { return nil }
        objectUID = parts[0]
        self.epoch = epoch
        holder = isHeld ? HolderIdentity(member: parts[2], podUID: parts[3], nonce: parts[4]) : nil
    }

    public var description: String {
        let identity = holder.map { "\($0.member)/\($0.podUID)/\($0.nonce)" } ?? "//"
        return "\(objectUID)/\(epoch)/\(identity)"
    }
}
