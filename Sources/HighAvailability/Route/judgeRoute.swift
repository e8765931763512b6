/// A route as it was found in the store: one EndpointSlice of the read-write Service.
public struct FoundRoute: Hashable, Sendable {
    /// Opaque version of the object; a write over it names this.
    public var version: String
    /// The reign it was written under; nil when it does not say.
    public var reign: Reign?
    /// It leads to the member that asks, and to nobody else.
    public var isAsWanted: Bool

    public init(version: String, reign: Reign?, isAsWanted: Bool) {
        self.version = version
        self.reign = reign
        self.isAsWanted = isAsWanted
    }
}

/// What a leader does about the route.
public enum RouteStep: Hashable, Sendable {
    /// It is as it should be.
    case rest
    /// Written over exactly this version; nil: created.
    case write(over: String?)
    /// Epochs of two lock objects cannot be compared: a live read has to show that this leader holds the lock there is.
    case readLock
    /// A later leader has written it: this one leads no more, whatever it believes.
    case yield(to: Reign)
}

/// Whether a leader writes the route, and over what.
///
/// - Invariant: what a later reign has written is not written over. The version in the write keeps a leader that is late from
///   replacing what it has not seen, the epoch from replacing what it sees only after it has lost the lock.
/// - Parameters:
///   - found: nil when there is no such object.
///   - reign: the one the caller holds the lock by.
///   - isLockRead: the lock was read live after `found` was, and is held in this reign.
public func judgeRoute(_ found: FoundRoute?, under reign: Reign, isLockRead: Bool) -> RouteStep {
    guard let found else { return .write(over: nil) }
    // Only an edit by hand leaves no reign behind.
    guard let writer = found.reign else { return .write(over: found.version) }
    if reign.isOver(bySightOf: writer) { return .yield(to: writer) }
    if writer.objectUID != reign.objectUID, !isLockRead { return .readLock }
    return writer == reign && found.isAsWanted ? .rest : .write(over: found.version)
}
