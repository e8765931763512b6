import KubernetesClient
public import KubernetesModels
public import Logging
import Observability
import Synchronization

/// Keeps a ``Store`` equal to what the API server has, and tells handlers about every difference.
///
/// - Guarantees: handlers see each change once and in order for one object; after a gap (410) they see the differences
///   between what was known and what is.
/// - Requires: handlers return quickly; they run in the reflector's task.
public final class Reflector<R: KubernetesResource, C: Clock<Duration>>: Sendable {
    public typealias Handler = @Sendable (StoreChange<R>) -> Void

    public let store: Store<R>
    private let name: String
    private let source: ResourceSource<R>
    private let handlers: [Handler]
    private let clock: C
    private let idleTimeout: Duration
    private let metrics: ReflectorMetrics?
    private let logger: Logger
    private let random: @Sendable () -> Double

    /// - Parameters:
    ///   - name: for logs and metrics.
    ///   - idleTimeout: a watch without event or bookmark for this long is closed and resumed. Longer than the server's
    ///     own limit for a watch.
    ///   - random: from 0 to 1, spreads pauses.
    public init(
        name: String = R.resource.plural, source: ResourceSource<R>, store: Store<R> = Store(), clock: C,
        idleTimeout: Duration = .seconds(295), metrics: ReflectorMetrics? = nil,
        logger: Logger = Logger(label: "matriarch.reflector"),
        random: @escaping @Sendable () -> Double = { .random(in: 0...1) }, handlers: [Handler] = []
    ) {
        self.name = name
        self.source = source
        self.store = store
        self.clock = clock
        self.idleTimeout = idleTimeout
        self.metrics = metrics
        self.logger = logger
        self.random = random
        self.handlers = handlers
    }

    /// Lists and watches until the task is cancelled.
    public func run() async {
        var machine = ReflectorStateMachine()
        var action = ReflectorStateMachine.Action.list(after: .zero)
        while !Task.isCancelled {
            switch action {
            case .list(let pause):
                guard await sleep(pause) else { return }
                action = await list(&machine)
            case .watch(let resourceVersion, let pause):
                guard await sleep(pause) else { return }
                action = await watch(&machine, from: resourceVersion)
            }
        }
    }

    private func list(_ machine: inout ReflectorStateMachine) async -> ReflectorStateMachine.Action {
        metrics?.lists.increment(name)
        do {
            let list = try await source.list()
            for change in store.replace(with: list.items) { notify(change) }
            metrics?.objects.set(name, to: Double(store.count))
            return machine.listed(resourceVersion: list.resourceVersion)
        } catch {
            if !Task.isCancelled {
                logger.warning("cannot list", metadata: ["kind": "\(name)", "error": "\(error)"])
            }
            return machine.listFailed(retryAfter: (error as? KubernetesError)?.retryAfter, random: random())
        }
    }

    private func watch(
        _ machine: inout ReflectorStateMachine, from resourceVersion: String
    ) async -> ReflectorStateMachine.Action {
        metrics?.watches.increment(name)
        let opened = clock.now
        var received = 0
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for try await event in watchedEvents(from: resourceVersion, in: &group) {
                    received += 1
                    if let version = apply(event) { machine.progressed(resourceVersion: version) }
                }
                group.cancelAll()
            }
            let wasUseful = received > 0 || opened.duration(to: clock.now) > .seconds(10)
            return machine.watchEnded(wasUseful: wasUseful, random: random())
        } catch is SilentWatch {
            logger.notice("the watch was silent, opening it again", metadata: ["kind": "\(name)"])
            return machine.watchEnded(wasUseful: true, random: random())
        } catch {
            let failure = error as? KubernetesError
            let isGone = failure?.isGone ?? false
            if isGone { metrics?.relists.increment(name) }
            if !Task.isCancelled {
                logger.log(
                    level: isGone ? .notice : .warning, "the watch failed",
                    metadata: ["kind": "\(name)", "error": "\(error)"])
            }
            return machine.watchFailed(isGone: isGone, retryAfter: failure?.retryAfter, random: random())
        }
    }

    /// The source's events, ended by ``SilentWatch`` when none came for too long.
    ///
    /// Nothing is dropped: an event that is lost would stay unknown until the next change of its object. What waits here
    /// is bounded by what the server sends while handlers, which only add keys to queues, run.
    private func watchedEvents(
        from resourceVersion: String, in group: inout ThrowingTaskGroup<Void, any Error>
    ) -> ResourceSource<R>.Events {
        let (events, feed) = ResourceSource<R>.Events.makeStream()
        let lastActivity = Activity(clock.now)
        group.addTask { [source, clock] in
            do {
                for try await event in source.watch(resourceVersion) {
                    lastActivity.instant.withLock { $0 = clock.now }
                    feed.yield(event)
                }
                feed.finish()
            } catch {
                feed.finish(throwing: error)
            }
        }
        group.addTask { [clock, idleTimeout] in
            while true {
                let deadline = lastActivity.instant.withLock { $0 }.advanced(by: idleTimeout)
                if deadline <= clock.now { return feed.finish(throwing: SilentWatch()) }
                // Cancellation is the only error.
                do { try await clock.sleep(until: deadline, tolerance: nil) } catch { return }
            }
        }
        return events
    }

    private final class Activity: Sendable {
        let instant: Mutex<C.Instant>
        init(_ instant: C.Instant) { self.instant = Mutex(instant) }
    }

    /// - Returns: the resource version reached.
    private func apply(_ event: WatchEvent<R>) -> String? {
        let changed: R
        switch event {
        case .added(let object), .modified(let object):
            if let change = store.upsert(object) { notify(change) }
            changed = object
        case .deleted(let object):
            notify(store.remove(object))
            changed = object
        case .bookmark(let resourceVersion): return resourceVersion
        }
        metrics?.events.increment(name)
        metrics?.objects.set(name, to: Double(store.count))
        return changed.metadata.resourceVersion
    }

    private func notify(_ change: StoreChange<R>) {
        for handler in handlers { handler(change) }
    }

    private func sleep(_ pause: Duration) async -> Bool {
        guard pause > .zero else { return !Task.isCancelled }
        // Cancellation is the only error.
        do { try await clock.sleep(for: pause) } catch { return false }
        return true
    }
}

private struct SilentWatch: Error {}
