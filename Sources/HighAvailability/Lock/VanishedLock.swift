import Units

/// A lock object that was held and is not there any more, or whose place another object has taken.
///
/// Whoever deletes the object deletes the knowledge of its holder, not the holder: one that is cut off goes on taking writes until
/// its fence, which falls before ttl has passed since it last renewed.
struct VanishedLock: Hashable {
    /// The last version of it that this member saw.
    var record: LockRecord
    /// When this member first saw that it was gone. The holder may have renewed after the version seen here, but not after
    /// this, so the ttl counts from here.
    var since: BootInstant
    /// It was this agent's own, and it held until then by what was confirmed. Nobody else's ttl can have passed meanwhile. Nil:
    /// another's, or one that had run out.
    var ownUntil: BootInstant?

    /// Somebody else may have held an object since that this member has not seen: the end of the holder proves nothing.
    var mayHaveHadSuccessor = false

    var isOwn: Bool { ownUntil != nil }

    /// When nothing of it is left to wait for.
    ///
    /// - Parameter ttl: how long a record without a ttl of its own holds; the holder may have learned of it meanwhile.
    func end(ttl: Duration) -> BootInstant { since + max(record.ttl ?? ttl, ttl) }
}
