public import ClusterRecords
import ControllerRuntime
public import HighAvailability
public import KubernetesClient
import KubernetesModels
public import Logging
import Synchronization
public import Units

/// One member's view of the store, kept current by two watches: the store's objects and the Pods.
///
/// - Guarantees: a view never goes back behind this agent's own write to the lock. Each renewal of the lock by another
///   is stamped with the boot-clock instant at which this process first saw it.
/// - Assumptions: watches may be late, end, or fall silent. Nothing may be *decided* from a view that a live read has to
///   decide; it says when to look.
public final class ClusterWatch: Sendable {
    /// The lock, which this watch hands what it sees.
    public let desk: LockDesk
    private let client: KubernetesClient
    private let scope: Scope
    private let lockObject: LockObject
    private let container: String
    private let clock: any AgentClock
    private let logger: Logger
    private let state: Mutex<State>

    private struct State {
        var cache: StoreCache
        var hasPods = false
        var lastHeard: BootInstant?
    }

    /// - Parameter container: name of the container that runs PostgreSQL, whose death counts.
    public init(
        client: KubernetesClient, scope: Scope, lockObject: LockObject, container: String, desk: LockDesk,
        logger: Logger, clock: any AgentClock
    ) {
        self.desk = desk
        self.client = client
        self.scope = scope
        self.lockObject = lockObject
        self.container = container
        self.clock = clock
        self.logger = logger
        state = Mutex(State(cache: StoreCache(scope: scope, lockObject: lockObject)))
    }

    private var lockName: String { scope.storeLeader(lockObject) }

    /// One element after each change; see ``LockDesk/changes``.
    public var changes: AsyncStream<Void> { desk.changes }

    /// Lists and watches until cancelled; an error only means to begin again.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                switch self.lockObject {
                case .configMap: await self.watchObjects(ConfigMap.self)
                case .endpoints: await self.watchObjects(Endpoints.self)
                }
            }
            group.addTask { await self.watchPods() }
        }
    }

    // MARK: Reading

    /// The view, or nil until both lists have been read once.
    public func view() -> ClusterView? {
        let view = state.withLock { $0.cache.isListed && $0.hasPods ? $0.cache.view() : nil }
        guard var view else { return nil }
        // Asked last, and told first of everything that is seen: the lock is never older than the rest.
        (view.lock, view.members) = desk.look { station, _ in (station.record, station.members) }
        return view
    }

    /// The view, and how its lock stands at this moment; nil until both lists have been read once.
    public func look() -> (view: ClusterView, standing: LockStanding)? {
        guard var view = view() else { return nil }
        let standing = desk.look { station, now in
            (view.lock, view.members) = (station.record, station.members)
            return station.standing(at: now, ttl: view.configuration.timings.ttl)
        }
        return (view, standing)
    }

    /// What is wrong with the stored configuration; empty when it is all in force.
    public var configurationProblems: [Problem] { state.withLock { $0.cache.configurationProblems } }

    /// What else in the store cannot be read and is not used; empty when all of it is.
    public var storeProblems: [Problem] { state.withLock { $0.cache.problems }.problems }

    /// The stored configuration as text, for `GET /config`.
    public var configurationText: String? { state.withLock { $0.cache.setting(StoreKey.configuration) } }

    /// The history of timelines as text, for `GET /history`.
    public var historyText: String? { state.withLock { $0.cache.setting(StoreKey.history) } }

    /// When anything was last heard from the API server by a list or a watch.
    public var lastHeard: BootInstant? { state.withLock { $0.lastHeard } }

    // MARK: What this agent learns by itself

    /// Takes in the answer of an own write or a live read of the lock.
    ///
    /// It makes nobody the holder; see ``LockStation/landed(_:sentAt:_:)``.
    public func learn(lock record: LockRecord?, annotations: [String: String]?) {
        if desk.look({ $0.answered(record, at: $1) }) {
            state.withLock {
                $0.cache.put(lockName, version: record?.version ?? "", annotations: record == nil ? nil : annotations)
            }
        }
        desk.tell()
    }

    // MARK: The store's objects

    private func watchObjects<Kind: KubernetesResource>(_ kind: Kind.Type) async {
        await watch(kind, willList: { self.desk.look { station, _ in station.willList() } }) { list in
            self.take(list.map(\.metadata))
        } changed: { event in
            switch event {
            case .added(let object), .modified(let object): self.store(object.metadata)
            case .deleted(let object): self.remove(object.metadata)
            case .bookmark: self.heard()
            }
        }
    }

    /// - Returns: false when the list may lack what this agent has written meanwhile.
    private func take(_ list: [ObjectMeta]) -> Bool {
        let lock = list.first { $0.name == lockName }.map(LockRecord.init)
        heard()
        guard desk.look({ $0.listed(lock, at: $1) }) else { return false }
        state.withLock { $0.cache.replace(with: list) }
        desk.tell()
        return true
    }

    /// Takes in what a watch event shows.
    func store(_ metadata: ObjectMeta) {
        heard()
        if metadata.name == lockName {
            guard desk.look({ $0.watched(LockRecord(metadata), at: $1) }) else { return }
        }
        state.withLock { $0.cache.put(metadata) }
        desk.tell()
    }

    private func remove(_ metadata: ObjectMeta) {
        guard let name = metadata.name else { return }
        heard()
        if name == lockName {
            guard desk.look({ $0.watched(nil, at: $1) }) else { return }
        }
        state.withLock { $0.cache.put(name, version: "", annotations: nil) }
        desk.tell()
    }

    // MARK: The Pods

    private func watchPods() async {
        await watch(Pod.self) { list in
            let members = list.compactMap { self.member($0) }
            self.heard()
            self.desk.look { station, _ in
                station.members = Dictionary(members.map { ($0.name, $0) }) { _, last in last }
            }
            self.state.withLock { $0.hasPods = true }
            self.desk.tell()
            return true
        } changed: { event in
            self.heard()
            switch event {
            case .added(let pod), .modified(let pod):
                // A stranger's Pod may have been a member's before somebody took it over.
                self.keep(self.member(pod), as: pod.metadata.name ?? "")
            case .deleted(let pod): self.keep(nil, as: pod.metadata.name ?? "")
            case .bookmark: break
            }
        }
    }

    /// Nil for a Pod that has nothing but the cluster's label.
    private func member(_ pod: Pod) -> Member? {
        scope.isMember(pod.metadata) ? Member(pod: pod, container: container) : nil
    }

    private func keep(_ member: Member?, as name: String) {
        let isNews = desk.look { station, _ in
            defer { station.members[name] = member }
            return station.members[name] != member
        }
        if isNews { desk.tell() }
    }

    // MARK: Watching

    /// A list that misses a change, or a watch that has died unheard, costs a failover its first seconds: so nothing is
    /// resumed after a failure, and no pause is long.
    private static let pacing = WatchPacing(
        backoff: Backoff(base: .milliseconds(50), maximum: .seconds(1)), listsAfterFailure: true)

    private func watch<Kind: KubernetesResource>(
        _ kind: Kind.Type, willList: @escaping @Sendable () -> Void = {},
        listed: @escaping @Sendable ([Kind]) -> Bool, changed: @escaping @Sendable (WatchEvent<Kind>) -> Void
    ) async {
        let (client, scope) = (client, scope)
        let source = ResourceSource<Kind> {
            willList()
            return try await client.list(kind, namespace: scope.namespace, labelSelector: scope.selector)
        } watch: { version in
            client.watch(
                kind, namespace: scope.namespace, labelSelector: scope.selector, resourceVersion: version)
        }
        await watch(source, by: clock, listed: listed, changed: changed)
    }

    private func watch<Kind: KubernetesResource>(
        _ source: ResourceSource<Kind>, by clock: some AgentClock,
        listed: @escaping @Sendable ([Kind]) -> Bool, changed: @escaping @Sendable (WatchEvent<Kind>) -> Void
    ) async {
        let watcher = ResourceWatcher(
            source: source, clock: clock, pacing: Self.pacing, logger: logger, listed: listed, changed: changed)
        await watcher.run()
    }

    private func heard() {
        let now = clock.now
        state.withLock { $0.lastHeard = now }
    }
}
