public import KubernetesClient
public import KubernetesModels
public import Logging
import Observability
import Synchronization

/// Lists and watches one kind, and hands on what the server says; what becomes of it is the receivers' business.
///
/// - Guarantees: lists and events in the order the server gives them, nothing left out between a list and the next; bookmarks
///   too, which prove that nothing happened.
/// - Requires: receivers return quickly; they run in the watcher's task.
public final class ResourceWatcher<R: KubernetesResource, C: Clock<Duration>>: Sendable {
    private let name: String
    private let source: ResourceSource<R>
    private let clock: C
    private let pacing: WatchPacing
    private let metrics: ReflectorMetrics?
    private let logger: Logger
    private let random: @Sendable () -> Double
    private let listed: @Sendable ([R]) -> Bool
    private let changed: @Sendable (WatchEvent<R>) -> Void

    /// - Parameters:
    ///   - name: for logs and metrics.
    ///   - random: from 0 to 1, spreads pauses.
    ///   - listed: takes in a list, which replaces everything before it; false: it is of no use and is asked for again.
    public init(
        name: String = R.resource.plural, source: ResourceSource<R>, clock: C, pacing: WatchPacing = WatchPacing(),
        metrics: ReflectorMetrics? = nil, logger: Logger = Logger(label: "matriarch.reflector"),
        random: @escaping @Sendable () -> Double = { .random(in: 0...1) },
        listed: @escaping @Sendable ([R]) -> Bool, changed: @escaping @Sendable (WatchEvent<R>) -> Void
    ) {
        self.name = name
        self.source = source
        self.clock = clock
        self.pacing = pacing
        self.metrics = metrics
        self.logger = logger
        self.random = random
        self.listed = listed
        self.changed = changed
    }

    /// Lists and watches until the task is cancelled.
    public func run() async {
        var machine = ReflectorStateMachine(pacing: pacing)
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
            guard listed(list.items) else { return machine.listRefused() }
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
                    changed(event)
                    if let version = versionReached(by: event) { machine.progressed(resourceVersion: version) }
                }
                group.cancelAll()
            }
            let wasUseful = received > 0 || opened.duration(to: clock.now) > .seconds(10)
            return machine.watchEnded(wasUseful: wasUseful, random: random())
        } catch is SilentWatch {
            logger.notice("the watch was silent, opening it again", metadata: ["kind": "\(name)"])
            return machine.watchWasSilent(random: random())
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
    /// is bounded by what the server sends while receivers, which do next to nothing, run.
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
        group.addTask { [clock, pacing] in
            while true {
                let deadline = lastActivity.instant.withLock { $0 }.advanced(by: pacing.idleTimeout)
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

    private func versionReached(by event: WatchEvent<R>) -> String? {
        switch event {
        case .added(let object), .modified(let object), .deleted(let object):
            metrics?.events.increment(name)
            return object.metadata.resourceVersion
        case .bookmark(let resourceVersion):
            return resourceVersion
        }
    }

    private func sleep(_ pause: Duration) async -> Bool {
        guard pause > .zero else { return !Task.isCancelled }
        // Cancellation is the only error.
        do { try await clock.sleep(for: pause) } catch { return false }
        return true
    }
}

private struct SilentWatch: Error {}
