/// The rules of a reflector, without a connection or a clock.
///
/// List, then watch from the list's resource version; an ended watch resumes where it was; a version the server has
/// forgotten (410) means list again, after a random pause so that a restarted API server is not met by everybody at once.
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
    private let backoff: Backoff
    private let relistSpread: Duration

    /// - Parameter relistSpread: a relist after 410 waits for a random part of this.
    init(backoff: Backoff = .connection, relistSpread: Duration = .milliseconds(500)) {
        self.backoff = backoff
        self.relistSpread = relistSpread
    }

    mutating func listed(resourceVersion: String) -> Action {
        failures = 0
        state = .watching(resourceVersion: resourceVersion)
        return .watch(resourceVersion: resourceVersion, after: .zero)
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

    /// The server closed the watch, or it was silent for too long.
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
                return .list(after: relistSpread * random)
            }
            return .watch(resourceVersion: resourceVersion, after: max(nextPause(random), retryAfter ?? .zero))
        }
    }

    private mutating func nextPause(_ random: Double) -> Duration {
        defer { failures += 1 }
        return backoff.pause(attempt: failures, random: random)
    }
}
