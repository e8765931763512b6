/// What a write of the synchronous record came to.
public enum SynchronousSettlement: Hashable, Sendable {
    /// It is there, in this version.
    case landed(SynchronousState)
    /// Nothing is there yet but what it was decided on: it may be sent again.
    case notYet
    /// Something else was written: what it was decided on is void.
    case superseded
}

/// Tells by a later live read what became of a write whose answer was lost, or told of a conflict.
///
/// A record that is another version of the very same words is this write, or one of this member decided on the same: a record
/// names its leader, and only that one writes it. It follows `former` with nothing between, because every write names the
/// version it replaces, and nobody else could be the leader since `former` was read. So who was elected over `former` goes
/// on; to let the lock go instead, for a conflict with itself, would cost another election and gain nothing.
///
/// - Parameters:
///   - former: what the write was decided on, and names; nil: there was no object.
///   - read: from a live read that began after the write was sent.
public func settleSynchronousWrite(
    of wanted: SynchronousState, over former: SynchronousState?, read: SynchronousState?
) -> SynchronousSettlement {
    if read?.version == former?.version { return .notYet }
    if let read, read.meansTheSame(as: wanted) { return .landed(read) }
    return .superseded
}
