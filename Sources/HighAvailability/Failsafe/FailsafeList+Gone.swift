extension FailsafeList {
    /// This Pod succeeds a listed one of its name, and is in the list itself no more: whether anybody listed is left matters to
    /// it alone.
    public func isSucceeded(by identity: HolderIdentity) -> Bool {
        !contains(identity) && entries.contains { $0.name == identity.member }
    }

    /// Nobody listed exists any more, nor the holder, so nobody is left who could agree that the leader stays.
    ///
    /// - Parameters:
    ///   - existing: the UIDs of all Pods there are, from a live look made after the record was read.
    ///   - holder: who holds the lock, or held it last; nil when that is not known.
    public func isGone(existing: Set<String>, holder: HolderIdentity?) -> Bool {
        // One of which only the name is known may be there.
        entries.allSatisfy { $0.podUID.map { !existing.contains($0) } ?? false }
            && holder.map { !existing.contains($0.podUID) } ?? true
    }
}
