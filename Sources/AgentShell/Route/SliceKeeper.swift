import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesModels
import Logging
import Synchronization
import Units

/// Keeps one EndpointSlice of the read-write Service leading here while this member leads.
///
/// It follows the slice also while another member leads: the write of a new leader is one request, over the version that was
/// seen last. Two tasks of its own; nothing the agent does waits for either.
final class SliceKeeper: Sendable {
    private let store: any RouteStore
    private let slice: @Sendable () -> RouteSlice?
    private let ownReign: @Sendable () -> Reign?
    private let holdsLockLive: @Sendable (Reign) async throws -> Bool
    private let clock: any AgentClock
    private let logger: Logger
    private let family: RouteFamily
    private let state = Mutex(State())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    private struct State {
        /// The version of EndpointSlice the server serves; nil until it was asked, and again after it did not know it.
        var resource: APIResource?
        /// The slice as it was seen last.
        var sight = Sight.unknown
        /// The last write that landed.
        var written: (reign: Reign, at: BootInstant)?
        /// A later reign that was left in peace, told once.
        var yielded: Reign?
        var lastProblem: String?
    }

    private enum Sight {
        case unknown
        case seen(StoredRoute?)
    }

    private enum Work {
        case rest
        case wait
        case read(Reign)
        case readLock(Reign, StoredRoute?)
        case write(RouteSlice, over: String?, Reign)
    }

    /// A watch may show what was before an own write; and who fights over the slice with this agent gets an answer a second.
    private static let patience = Duration.seconds(1)

    /// - Parameters:
    ///   - slice: what it is to say while this member leads; nil while nobody wants it.
    ///   - ownReign: the reign by which this member holds the lock now; nil when it does not.
    ///   - holdsLockLive: whether a live read of the lock shows it held by that reign.
    init(
        _ family: RouteFamily, store: any RouteStore, clock: any AgentClock, logger: Logger,
        slice: @escaping @Sendable () -> RouteSlice?, ownReign: @escaping @Sendable () -> Reign?,
        holdsLockLive: @escaping @Sendable (Reign) async throws -> Bool
    ) {
        self.family = family
        self.store = store
        self.clock = clock
        self.logger = logger
        self.slice = slice
        self.ownReign = ownReign
        self.holdsLockLive = holdsLockLive
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Something that matters may have changed: the lock, the slice, or what is wanted.
    func wake() { signal.yield() }

    /// The route as it was seen last; nil when it was never seen, or does not exist.
    var seen: StoredRoute? {
        if case .seen(let route) = state.withLock({ $0.sight }) { route } else { nil }
    }

    /// Works until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.follow() }
            group.addTask { await self.work() }
        }
    }

    // MARK: Seeing

    private func follow() async {
        var pause = Duration.milliseconds(50)
        while !Task.isCancelled {
            if slice() != nil {
                do {
                    if let resource = try await served() {
                        try await store.follow(family, as: resource) { self.take($0) }
                        pause = .milliseconds(50)
                    } else {
                        tell("the API server serves no EndpointSlice: the read-write Service cannot be led here")
                    }
                } catch {
                    note(error)
                    tell("cannot follow the route of the read-write Service: \(error)")
                }
            }
            // Cancellation shows at the head of the loop.
            try? await clock.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
    }

    private func take(_ route: StoredRoute?) {
        state.withLock { $0.sight = .seen(route) }
        signal.yield()
    }

    private func served() async throws -> APIResource? {
        if let known = state.withLock({ $0.resource }) { return known }
        let found = try await store.servedVersion()
        state.withLock { $0.resource = found }
        return found
    }

    /// The object or its whole kind may be what was not found; the kind is asked for again.
    private func note(_ error: any Error) {
        guard let error = error as? any StoreFailure, error.isNotFound else { return }
        state.withLock { $0.resource = nil }
    }

    // MARK: Writing

    private func work() async {
        for await _ in signals {
            var pause = Duration.milliseconds(50)
            loop: while !Task.isCancelled, slice() != nil, ownReign() != nil {
                do {
                    guard let resource = try await served() else { break loop }
                    switch due(as: resource) {
                    case .rest: break loop
                    case .wait: try await clock.sleep(for: .milliseconds(50))
                    case .read: take(try await store.read(family, as: resource))
                    case .readLock(let reign, let found): try await settle(found, reign, as: resource)
                    case .write(let slice, let version, let reign):
                        try await write(slice, over: version, reign, as: resource)
                    }
                    pause = .milliseconds(50)
                } catch {
                    // Whatever became of it, what there is now decides.
                    state.withLock { $0.sight = .unknown }
                    note(error)
                    if (error as? any StoreFailure)?.isConflict != true {
                        tell("could not lead the read-write Service here yet: \(error)")
                        // Cancellation shows at the head of the loop.
                        try? await clock.sleep(for: pause)
                        pause = min(pause * 2, .seconds(2))
                    }
                }
            }
        }
    }

    private func due(as resource: APIResource) -> Work {
        guard let slice = slice(), let reign = ownReign() else { return .rest }
        let (sight, written) = state.withLock { ($0.sight, $0.written) }
        guard case .seen(let found) = sight else { return .read(reign) }
        switch store.step(slice, over: found, under: reign, isLockRead: false, as: resource) {
        case .rest: return .rest
        case .yield(let later):
            tellYield(to: later)
            return .rest
        case .readLock: return .readLock(reign, found)
        case .write(let version):
            if let written, written.reign == reign, clock.now - written.at < Self.patience { return .wait }
            return .write(slice, over: version, reign)
        }
    }

    /// The slice was written under another lock object, which somebody has removed since; or this member's lock was removed.
    private func settle(_ found: StoredRoute?, _ reign: Reign, as resource: APIResource) async throws {
        guard let slice = slice(), try await holdsLockLive(reign) else {
            if let other = found?.reign { tellYield(to: other) }
            try await clock.sleep(for: Self.patience)
            return
        }
        guard
            case .write(let version) = store.step(slice, over: found, under: reign, isLockRead: true, as: resource)
        else { return }
        try await write(slice, over: version, reign, as: resource)
    }

    private func write(_ slice: RouteSlice, over version: String?, _ reign: Reign, as resource: APIResource)
        async throws
    {
        let began = clock.now
        let route = try await store.write(slice, over: version, under: reign, as: resource)
        let isRepair = state.withLock { state -> Bool in
            defer {
                state.sight = .seen(route)
                state.written = (reign, clock.now)
                state.lastProblem = nil
            }
            return state.written?.reign == reign
        }
        logger.notice(
            isRepair ? "put the route of the read-write Service right" : "the read-write Service leads here",
            metadata: [
                "slice": "\(store.scope.routeSlice(family))", "epoch": "\(reign.epoch)",
                "elapsed": "\(clock.now - began)",
            ])
    }

    // MARK: Telling

    private func tellYield(to later: Reign) {
        let isNew = state.withLock { state in
            defer { state.yielded = later }
            return state.yielded != later
        }
        guard isNew else { return }
        logger.warning(
            "the route of the read-write Service is another reign's and is left as it is",
            metadata: ["epoch": "\(later.epoch)", "holder": "\(later.holder?.member ?? "nobody")"])
    }

    private func tell(_ problem: String) {
        let isNew = state.withLock { state in
            defer { state.lastProblem = problem }
            return state.lastProblem != problem
        }
        if isNew { logger.warning("\(problem)") }
    }
}
