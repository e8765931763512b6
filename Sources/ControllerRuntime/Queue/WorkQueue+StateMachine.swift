import DequeModule

/// The rules of a work queue, without waiting or locking.
///
/// Invariants:
/// - a key is handed out to one worker at a time;
/// - a key added while it is waiting is not added twice; one added while a worker has it is handed out again after `done`;
/// - of several delays for one key the earliest counts, and an immediate add overrides them.
struct WorkQueueStateMachine<Key: Hashable & Sendable, Instant: InstantProtocol>: Sendable
where Instant.Duration == Duration {
    enum NextAction: Equatable {
        case handOut(Key, waited: Duration)
        case wait
        case finished
    }

    enum AddAction: Equatable {
        /// A worker that waits may ask for the next key.
        case wakeWorker
        /// The earliest delay may have changed.
        case wakeTimer
        case none
    }

    /// Keys ready for a worker, in order of arrival.
    private var ready: Deque<Key> = []
    /// Keys that need work: those in `ready`, and those in `processing` that were added again.
    private var dirty: [Key: Instant] = [:]
    /// Keys a worker has, with the time it got them.
    private var processing: [Key: Instant] = [:]
    /// Keys that become ready later.
    private var delayed: [Key: Instant] = [:]
    private var isShutDown = false
    private var backoff: ExponentialBackoff<Key>
    private var bucket: TokenBucket<Instant>

    init(limits: WorkQueueLimits) {
        backoff = ExponentialBackoff(base: limits.basePause, maximum: limits.maximumPause)
        bucket = TokenBucket(rate: limits.overallRate, burst: limits.overallBurst)
    }

    var depth: Int { ready.count }
    var isIdle: Bool { processing.isEmpty }
    var nextDelayed: Instant? { delayed.values.min() }
    func failureCount(_ key: Key) -> Int { backoff.failureCount(key) }

    /// How long each worker has been busy.
    func busy(at now: Instant) -> [Duration] { processing.values.map { $0.duration(to: now) } }

    mutating func add(_ key: Key, at now: Instant) -> AddAction {
        guard !isShutDown else { return .none }
        delayed[key] = nil
        guard dirty[key] == nil else { return .none }
        dirty[key] = now
        guard processing[key] == nil else { return .none }
        ready.append(key)
        return .wakeWorker
    }

    mutating func add(_ key: Key, after delay: Duration, at now: Instant) -> AddAction {
        guard delay > .zero else { return add(key, at: now) }
        guard !isShutDown else { return .none }
        let due = now.advanced(by: delay)
        // What is ready already is earlier than any delay.
        if dirty[key] != nil { return .none }
        if let existing = delayed[key], existing <= due { return .none }
        delayed[key] = due
        return .wakeTimer
    }

    /// Adds after the longer of the key's own backoff and the overall limit.
    mutating func addRateLimited(_ key: Key, at now: Instant) -> AddAction {
        guard !isShutDown else { return .none }
        return add(key, after: max(backoff.pause(key), bucket.reserve(at: now)), at: now)
    }

    /// Makes every delayed key ready whose time has come.
    mutating func releaseDue(at now: Instant) -> Int {
        let due = delayed.filter { $0.value <= now }.sorted { $0.value < $1.value }
        var released = 0
        for (key, _) in due where add(key, at: now) == .wakeWorker { released += 1 }
        return released
    }

    mutating func next(at now: Instant) -> NextAction {
        guard let key = ready.popFirst() else { return isShutDown ? .finished : .wait }
        let added = dirty.removeValue(forKey: key) ?? now
        processing[key] = now
        return .handOut(key, waited: added.duration(to: now))
    }

    /// - Returns: how long the work took, and whether the key is ready again.
    mutating func done(_ key: Key, at now: Instant) -> (took: Duration, readyAgain: Bool) {
        let started = processing.removeValue(forKey: key) ?? now
        let readyAgain = dirty[key] != nil && !isShutDown
        if readyAgain { ready.append(key) }
        return (started.duration(to: now), readyAgain)
    }

    mutating func forget(_ key: Key) { backoff.forget(key) }

    /// No more additions; what is ready or delayed is dropped, what is being worked on may finish.
    mutating func shutDown() {
        isShutDown = true
        ready.removeAll()
        dirty.removeAll()
        delayed.removeAll()
    }
}
