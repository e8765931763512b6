public import HighAvailability
public import KubernetesClient
import KubernetesModels
public import Logging
import Synchronization

/// One member's view of the store, kept current by two watches: the store's objects and the Pods.
///
/// - Guarantees: a view never goes back behind this agent's own write to the lock. Each renewal of the lock by another
///   is stamped with the boot-clock instant at which this process first saw it.
/// - Assumptions: watches may be late, end, or fall silent. Nothing may be *decided* from a view that a live read has to
///   decide; it says when to look.
public final class ClusterWatch: Sendable {
    private let client: KubernetesClient
    private let layout: StoreLayout
    private let container: String
    private let clock: @Sendable () -> BootInstant
    private let logger: Logger
    private let state: Mutex<State>
    private let signal: AsyncStream<Void>.Continuation

    /// One element after each change; changes nobody has looked at yet are merged into one.
    public let changes: AsyncStream<Void>

    struct State {
        var objects: [String: StoredObject] = [:]
        var pods: [String: Member] = [:]
        var hasObjects = false
        var hasPods = false
        var lock: LockObserver
        /// Version of an own write (or live read) the watch has not shown yet; until it does, it shows the past.
        var awaited: (version: String, since: BootInstant)?
        /// Versions of the lock the watch has shown, newest last: an answer with one of them may be older than the view.
        var shown: [String] = []
        var ownWrites = 0
        var configuration: (text: String?, value: DynamicConfiguration, problems: [String])?
        var lastHeard: BootInstant?
    }

    private static let shownLimit = 32

    struct StoredObject: Hashable {
        var version: String
        var annotations: [String: String]
    }

    /// - Parameter container: name of the container that runs PostgreSQL, whose death counts.
    public init(
        client: KubernetesClient, layout: StoreLayout, me: HolderIdentity, container: String, logger: Logger,
        clock: @escaping @Sendable () -> BootInstant
    ) {
        self.client = client
        self.layout = layout
        self.container = container
        self.clock = clock
        self.logger = logger
        state = Mutex(State(lock: LockObserver(me: me)))
        (changes, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Lists and watches until cancelled; an error only means to begin again.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepWatching("store objects", self.watchObjects) }
            group.addTask { await self.keepWatching("pods", self.watchPods) }
        }
    }

    // MARK: Reading

    /// The view, or nil until both lists have been read once.
    public func view() -> ClusterView? {
        state.withLock { state in
            guard state.hasObjects, state.hasPods else { return nil }
            let configuration = state.objects[layout.configuration]?.annotations ?? [:]
            let text = configuration[StoreKey.configuration]
            if state.configuration == nil || state.configuration?.text != text {
                let former = state.configuration?.value ?? DynamicConfiguration()
                state.configuration = Self.configuration(text, former: former)
            }
            return ClusterView(
                initialization: Initialization(annotations: configuration),
                configuration: state.configuration?.value ?? DynamicConfiguration(),
                lock: lockRecord(state),
                members: state.pods,
                failover: state.objects[layout.failover].flatMap { FailoverRequest(annotations: $0.annotations) },
                history: TimelineSwitch.list(annotation: configuration[StoreKey.history]))
        }
    }

    /// The lock as the view shows it, before the rest of it is known too.
    var lock: LockRecord? { state.withLock { lockRecord($0) } }

    /// What is wrong with the stored configuration; empty when it is all in force.
    public var configurationProblems: [String] { state.withLock { $0.configuration?.problems ?? [] } }

    /// The stored configuration as text, for `GET /config`.
    public var configurationText: String? {
        state.withLock { $0.objects[layout.configuration]?.annotations[StoreKey.configuration] }
    }

    /// The history of timelines as text, for `GET /history`.
    public var historyText: String? {
        state.withLock { $0.objects[layout.configuration]?.annotations[StoreKey.history] }
    }

    /// When anything was last heard from the API server by a list or a watch.
    public var lastHeard: BootInstant? { state.withLock { $0.lastHeard } }

    public func standing(ttl: Duration) -> LockStanding {
        state.withLock { state in
            let now = clock()
            let holder = state.objects[layout.leader]?.annotations[StoreKey.leader].flatMap { state.pods[$0] }
            state.lock.observe(holder: holder, at: now)
            return state.lock.standing(at: now, ttl: ttl, holder: holder)
        }
    }

    /// When the lock another member holds runs out if nothing changes.
    public func lockExpiry(ttl: Duration) -> BootInstant? { state.withLock { $0.lock.expiry(ttl: ttl) } }

    // MARK: What this agent learns by itself

    /// Takes in the answer of an own write or a live read of the lock.
    public func learn(lock record: LockRecord?, annotations: [String: String]?, confirmedUntil: BootInstant?) {
        state.withLock { state in
            state.ownWrites += 1
            // The watch was faster than the answer and has gone on since: the view does not go back.
            let isKnown = record?.version == state.objects[layout.leader]?.version
            let isPast = record.map { !isKnown && state.shown.contains($0.version) } ?? false
            if !isPast {
                if let record, let annotations {
                    if !isKnown { state.awaited = (record.version, clock()) }
                    state.objects[layout.leader] = StoredObject(version: record.version, annotations: annotations)
                } else {
                    state.objects[layout.leader] = nil
                }
                state.lock.observe(record, at: clock())
            }
            let current = lockRecord(state)
            if let confirmedUntil, current?.identity == record?.identity, current?.epoch == record?.epoch {
                state.lock.confirmOwnership(until: confirmedUntil)
            }
        }
        signal.yield()
    }

    /// The lock is known not to be ours, whatever the view still shows.
    public func relinquishLock() {
        state.withLock { $0.lock.relinquish() }
        signal.yield()
    }

    // MARK: Watching

    private func keepWatching(_ what: String, _ watch: () async throws -> Void) async {
        var pause = Duration.milliseconds(50)
        while !Task.isCancelled {
            do {
                try await watch()
                pause = .milliseconds(50)
            } catch is CancellationError {
                return
            } catch {
                logger.warning("watch broke off; listing again", metadata: ["of": "\(what)", "error": "\(error)"])
            }
            // A cancelled sleep ends the loop at its head.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    private func watchObjects() async throws {
        switch layout.lockObject {
        case .configMap: try await watchObjects(ConfigMap.self)
        case .endpoints: try await watchObjects(Endpoints.self)
        }
    }

    private func watchObjects<Kind: KubernetesResource>(_ kind: Kind.Type) async throws {
        var version = ""
        repeat {
            let writes = state.withLock { $0.ownWrites }
            let list = try await client.list(kind, namespace: layout.namespace, labelSelector: layout.selector)
            version = list.resourceVersion
            // A list that was under way while we wrote may lack the write.
            if replaceObjects(list.items.map(\.metadata), unlessWrittenSince: writes) { break }
        } while true
        for try await event in client.watch(
            kind, namespace: layout.namespace, labelSelector: layout.selector, resourceVersion: version)
        {
            switch event {
            case .added(let object), .modified(let object): store(object.metadata)
            case .deleted(let object): remove(object.metadata)
            case .bookmark: state.withLock { $0.lastHeard = clock() }
            }
        }
    }

    private func watchPods() async throws {
        let list = try await client.list(Pod.self, namespace: layout.namespace, labelSelector: layout.selector)
        let members = list.items.compactMap { Member(pod: $0, container: container) }
        state.withLock { state in
            state.pods = Dictionary(members.map { ($0.name, $0) }) { _, last in last }
            state.hasPods = true
            state.lastHeard = clock()
        }
        signal.yield()
        for try await event in client.watch(
            Pod.self, namespace: layout.namespace, labelSelector: layout.selector,
            resourceVersion: list.resourceVersion)
        {
            switch event {
            case .added(let pod), .modified(let pod):
                guard let member = Member(pod: pod, container: container) else { continue }
                let changed = state.withLock { state in
                    state.lastHeard = clock()
                    defer { state.pods[member.name] = member }
                    return state.pods[member.name] != member
                }
                if changed { signal.yield() }
            case .deleted(let pod):
                state.withLock { state in
                    state.lastHeard = clock()
                    state.pods[pod.metadata.name ?? ""] = nil
                }
                signal.yield()
            case .bookmark: state.withLock { $0.lastHeard = clock() }
            }
        }
    }

    private func replaceObjects(_ list: [ObjectMeta], unlessWrittenSince writes: Int) -> Bool {
        let isReplaced = state.withLock { state -> Bool in
            if state.ownWrites != writes && state.hasObjects { return false }
            state.objects = [:]
            for metadata in list {
                state.objects[metadata.name ?? ""] = StoredObject(
                    version: metadata.resourceVersion ?? "", annotations: metadata.annotations ?? [:])
            }
            state.awaited = nil
            state.hasObjects = true
            state.lastHeard = clock()
            let lock = lockRecord(state)
            if let lock { note(shown: lock.version, &state) }
            state.lock.observe(lock, at: clock())
            return true
        }
        signal.yield()
        return isReplaced
    }

    /// Takes in what a watch event shows.
    func store(_ metadata: ObjectMeta) {
        guard let name = metadata.name else { return }
        let object = StoredObject(version: metadata.resourceVersion ?? "", annotations: metadata.annotations ?? [:])
        state.withLock { state in
            let now = clock()
            state.lastHeard = now
            if name == layout.leader {
                note(shown: object.version, &state)
                guard isCurrent(object.version, &state, now) else { return }
                state.lock.observe(LockRecord(version: object.version, annotations: object.annotations), at: now)
            }
            state.objects[name] = object
        }
        signal.yield()
    }

    private func remove(_ metadata: ObjectMeta) {
        guard let name = metadata.name else { return }
        state.withLock { state in
            let now = clock()
            state.lastHeard = now
            if name == layout.leader {
                guard state.awaited == nil else { return }
                state.lock.observe(nil, at: now)
            }
            state.objects[name] = nil
        }
        signal.yield()
    }

    private func lockRecord(_ state: State) -> LockRecord? {
        state.objects[layout.leader].map { LockRecord(version: $0.version, annotations: $0.annotations) }
    }

    private func note(shown version: String, _ state: inout State) {
        state.shown.append(version)
        if state.shown.count > Self.shownLimit { state.shown.removeFirst() }
    }

    /// The watch shows every version in order: before it has shown our own write, it shows what came before it.
    private func isCurrent(_ version: String, _ state: inout State, _ now: BootInstant) -> Bool {
        guard let awaited = state.awaited else { return true }
        // A relist may have skipped the version; better late than deaf.
        if version == awaited.version || now - awaited.since > .seconds(10) {
            state.awaited = nil
            return true
        }
        return false
    }

    private static func configuration(_ text: String?, former: DynamicConfiguration)
        -> (text: String?, value: DynamicConfiguration, problems: [String])
    {
        guard let text else { return (nil, former, []) }
        do {
            let (value, problems) = DynamicConfiguration.reading(try JSONValue(parsing: text), former: former)
            return (text, value, problems)
        } catch {
            return (text, former, ["the stored configuration is not JSON: \(error)"])
        }
    }
}
