/// How a watcher spreads its requests, and when it begins anew.
public struct WatchPacing: Sendable, Hashable {
    /// Pauses after failures.
    public var backoff: Backoff
    /// A list after 410 waits for a random part of this, so that a restarted API server is not met by everybody at once.
    public var relistSpread: Duration
    /// A watch without event or bookmark for this long has failed. Longer than the server's own limit for a watch.
    public var idleTimeout: Duration
    /// A watch that failed, or fell silent, begins with a list; only one the server has ended in order is resumed.
    ///
    /// It costs a list, and heals what resuming cannot: a store that was put back to an earlier version has nothing to say
    /// to a watch from a later one.
    public var listsAfterFailure: Bool

    public init(
        backoff: Backoff = .connection, relistSpread: Duration = .milliseconds(500),
        idleTimeout: Duration = .seconds(295), listsAfterFailure: Bool = false
    ) {
        self.backoff = backoff
        self.relistSpread = relistSpread
        self.idleTimeout = idleTimeout
        self.listsAfterFailure = listsAfterFailure
    }
}
