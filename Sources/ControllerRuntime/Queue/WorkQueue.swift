import DequeModule
import Observability
import Synchronization

/// Keys that need work, each handed to one worker at a time, failed ones after a growing pause.
///
/// The rules are those of client-go's rate-limiting queue; they live in `WorkQueueStateMachine`.
///
/// - Requires: ``run()`` is running, else delayed keys never become ready.
public final class WorkQueue<Key: Hashable & Sendable, C: Clock<Duration>>: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Key?, Never>
    }
    private struct Guarded {
        var machine: WorkQueueStateMachine<Key, C.Instant>
        var waiters: Deque<Waiter> = []
        var nextWaiter: UInt64 = 0
        var isShutDown = false
    }

    private let guarded: Mutex<Guarded>
    private let timer = WakeSignal()
    private let clock: C
    private let name: String
    private let metrics: WorkQueueMetrics?

    public init(name: String, clock: C, limits: WorkQueueLimits = WorkQueueLimits(), metrics: WorkQueueMetrics? = nil) {
        self.name = name
        self.clock = clock
        self.metrics = metrics
        guarded = Mutex(Guarded(machine: WorkQueueStateMachine(limits: limits)))
        metrics?.depth.set(name, name, to: 0)
        metrics?.collectBusy(name: name) { [weak self] in
            guard let self else { return [] }
            return self.guarded.withLock { $0.machine.busy(at: self.clock.now) }
        }
    }

    /// Keys ready for a worker.
    public var depth: Int { guarded.withLock { $0.machine.depth } }

    /// Makes a key ready now.
    public func add(_ key: Key) { perform { machine, now in machine.add(key, at: now) } }

    /// Makes a key ready after a delay, unless it becomes ready earlier by another call.
    public func add(_ key: Key, after delay: Duration) {
        perform { machine, now in machine.add(key, after: delay, at: now) }
    }

    /// Makes a failed key ready after its backoff.
    public func addRateLimited(_ key: Key) {
        metrics?.retries.increment(name, name)
        perform { machine, now in machine.addRateLimited(key, at: now) }
    }

    /// Ends the key's backoff after a success.
    public func forget(_ key: Key) { guarded.withLock { $0.machine.forget(key) } }

    /// Waits for a key.
    /// - Returns: a key that must be given back with ``done(_:)``; nil after shutdown or when the task is cancelled.
    public func next() async -> Key? {
        let id = guarded.withLock { guarded in
            guarded.nextWaiter += 1
            return guarded.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Key?, Never>) in
                let answer = guarded.withLock { guarded -> Key?? in
                    if Task.isCancelled { return .some(nil) }
                    switch take(&guarded) {
                    case .handOut(let key, _): return key
                    case .finished: return .some(nil)
                    case .wait:
                        guarded.waiters.append(Waiter(id: id, continuation: continuation))
                        return nil
                    }
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = guarded.withLock { guarded -> Waiter? in
                guard let index = guarded.waiters.firstIndex(where: { $0.id == id }) else { return nil }
                return guarded.waiters.remove(at: index)
            }
            waiter?.continuation.resume(returning: nil)
        }
    }

    /// Gives a key back; if it was added meanwhile it is ready again.
    public func done(_ key: Key) {
        let resumed = guarded.withLock { guarded in
            let (took, readyAgain) = guarded.machine.done(key, at: clock.now)
            metrics?.workDuration.observe(name, name, duration: took)
            return readyAgain ? serveWaiters(&guarded) : []
        }
        for (continuation, key) in resumed { continuation.resume(returning: key) }
    }

    /// Makes delayed keys ready when their time comes, until shutdown or cancellation.
    public func run() async {
        while !Task.isCancelled {
            let (deadline, stopped) = guarded.withLock { ($0.machine.nextDelayed, $0.isShutDown) }
            if stopped { return }
            await timer.wait(until: deadline, clock: clock)
            let resumed = guarded.withLock { guarded in
                let released = guarded.machine.releaseDue(at: clock.now)
                metrics?.adds.increment(name, name, by: Double(released))
                return serveWaiters(&guarded)
            }
            for (continuation, key) in resumed { continuation.resume(returning: key) }
        }
    }

    /// Ends intake: waiting workers get nil, waiting keys are dropped, work in progress goes on.
    public func shutDown() {
        let waiters = guarded.withLock { guarded in
            guarded.isShutDown = true
            guarded.machine.shutDown()
            defer { guarded.waiters.removeAll() }
            return guarded.waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
        timer.wake()
    }

    private func perform(
        _ change: (inout WorkQueueStateMachine<Key, C.Instant>, C.Instant) ->
            WorkQueueStateMachine<Key, C.Instant>.AddAction
    ) {
        let (action, resumed) = guarded.withLock { guarded in
            let action = change(&guarded.machine, clock.now)
            switch action {
            case .wakeWorker:
                metrics?.adds.increment(name, name)
                return (action, serveWaiters(&guarded))
            case .wakeTimer, .none: return (action, [])
            }
        }
        for (continuation, key) in resumed { continuation.resume(returning: key) }
        if action == .wakeTimer { timer.wake() }
    }

    private func serveWaiters(_ guarded: inout Guarded) -> [(CheckedContinuation<Key?, Never>, Key)] {
        var served: [(CheckedContinuation<Key?, Never>, Key)] = []
        while !guarded.waiters.isEmpty, case .handOut(let key, _) = take(&guarded) {
            served.append((guarded.waiters.removeFirst().continuation, key))
        }
        metrics?.depth.set(name, name, to: Double(guarded.machine.depth))
        return served
    }

    private func take(_ guarded: inout Guarded) -> WorkQueueStateMachine<Key, C.Instant>.NextAction {
        let action = guarded.machine.next(at: clock.now)
        if case .handOut(_, let waited) = action {
            metrics?.queueDuration.observe(name, name, duration: waited)
            metrics?.depth.set(name, name, to: Double(guarded.machine.depth))
        }
        return action
    }
}
