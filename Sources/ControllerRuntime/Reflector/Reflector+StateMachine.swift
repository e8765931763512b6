/// The rules of a watcher and its reflector, without a connection or a clock.
///
/// List, then watch from the list's resource version; an ended watch resumes where it was; a version the server has
/// forgotten (410) means list again, after a random pause so that a restarted API server is not met by everybody at once.
/// Whether a failed watch is resumed too, ``WatchPacing/listsAfterFailure`` says.
struct ReflectorStateMachine: Sendable {
    enum State: Sendable, Equatable {
        case listing
        case watching(resourceVersion: String)
    }

    /// The next thing to do, after a pause.
    enum Action: Sendable, Equatable {
        case list(after: Duration)
        case watch(resourceVersion: String, after: Duration)
    }

    private(set) var state = State.listing
    /// Failures since the last success, for the backoff.
    private(set) var failures = 0
    private let pacing: WatchPacing

    init(pacing: WatchPacing = WatchPacing()) {
        self.pacing = pacing
    }

    mutating func listed(resourceVersion: String) -> Action {
        // Where each failed watch leads to a list, one that succeeds proves nothing: a watch that is always refused would be
        // asked for in a tight loop.
        if !pacing.listsAfterFailure { failures = 0 }
        state = .watching(resourceVersion: resourceVersion)
        return .watch(resourceVersion: resourceVersion, after: .zero)
    }

    /// The receiver has no use for this list.
    mutating func listRefused() -> Action {
        state = .listing
        return .list(after: .zero)
    }

    /// - Parameter random: from 0 to 1.
    mutating func listFailed(retryAfter: Duration?, random: Double) -> Action {
        state = .listing
        return .list(after: max(nextPause(random), retryAfter ?? .zero))
    }

    /// An event or a bookmark came.
    mutating func progressed(resourceVersion: String) {
        failures = 0
        state = .watching(resourceVersion: resourceVersion)
    }

    /// The server closed the watch.
    /// - Parameter wasUseful: something came, or the watch lived long; a server that closes at once earns a backoff.
    mutating func watchEnded(wasUseful: Bool, random: Double) -> Action {
        switch state {
        case .listing: return .list(after: .zero)
        case .watching(let resourceVersion):
            if wasUseful { failures = 0 }
            return .watch(resourceVersion: resourceVersion, after: wasUseful ? .zero : nextPause(random))
        }
    }

    mutating func watchFailed(isGone: Bool, retryAfter: Duration?, random: Double) -> Action {
        switch state {
        case .listing: return .list(after: nextPause(random))
        case .watching(let resourceVersion):
            if isGone {
                state = .listing
                return .list(after: pacing.relistSpread * random)
            }
            if pacing.listsAfterFailure { return listFailed(retryAfter: retryAfter, random: random) }
            return .watch(resourceVersion: resourceVersion, after: max(nextPause(random), retryAfter ?? .zero))
        }
    }

    /// Nothing came for longer than the server lets a watch live: the connection is dead, and nobody has said so.
    mutating func watchWasSilent(random: Double) -> Action {
        pacing.listsAfterFailure
            ? watchFailed(isGone: false, retryAfter: nil, random: random) : watchEnded(wasUseful: true, random: random)
    }

    private mutating func nextPause(_ random: Double) -> Duration {
        defer { failures += 1 }
        return pacing.backoff.pause(attempt: failures, random: random)
    }
}
