public import ClusterRecords
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
    private let client: KubernetesClient
    private let scope: Scope
    private let lockObject: LockObject
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
        var lock: LockSight
        var ownWrites = 0
        var configuration: (text: String?, value: DynamicConfiguration, problems: [Problem])?
        var lastHeard: BootInstant?
        /// Epoch promised to a candidate: no older leader is vouched for.
        var sealedEpoch: Int64?
    }

    struct StoredObject: Hashable {
        var version: String
        var annotations: [String: String]
    }

    /// - Parameter container: name of the container that runs PostgreSQL, whose death counts.
    public init(
        client: KubernetesClient, scope: Scope, lockObject: LockObject, me: HolderIdentity, container: String,
        logger: Logger, clock: @escaping @Sendable () -> BootInstant
    ) {
        self.client = client
        self.scope = scope
        self.lockObject = lockObject
        self.container = container
        self.clock = clock
        self.logger = logger
        state = Mutex(State(lock: LockSight(me: me)))
        (changes, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    private var lockName: String { scope.storeLeader(lockObject) }

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
            let configuration = state.objects[scope.storeConfiguration]?.annotations ?? [:]
            let text = configuration[StoreKey.configuration]
            if state.configuration == nil || state.configuration?.text != text {
                let former = state.configuration?.value ?? DynamicConfiguration()
                let (value, problems) = DynamicConfiguration.reading(annotation: text, former: former)
                state.configuration = (text, value, problems)
            }
            return ClusterView(
                initialization: Initialization(annotations: configuration),
                configuration: state.configuration?.value ?? DynamicConfiguration(),
                lock: state.lock.record,
                members: state.pods,
                failover: state.objects[scope.storeFailover].flatMap { FailoverRequest(annotations: $0.annotations) },
                restart: configuration[StoreKey.restart].flatMap { RestartOrder(annotation: $0) },
                synchronous: state.objects[scope.storeSynchronization].map {
                    SynchronousState(version: $0.version, annotations: $0.annotations)
                },
                history: TimelineSwitch.list(annotation: configuration[StoreKey.history]))
        }
    }

    /// The lock as the view shows it, before the rest of it is known too.
    var lock: LockRecord? { state.withLock { $0.lock.record } }

    /// What is wrong with the stored configuration; empty when it is all in force.
    public var configurationProblems: [Problem] { state.withLock { $0.configuration?.problems ?? [] } }

    /// What else in the store cannot be read and is not used; empty when all of it is.
    public var storeProblems: [Problem] {
        let store = state.withLock { state in
            StoreProblems(
                in: scope, lockObject: lockObject, leader: state.objects[lockName]?.annotations,
                synchronization: state.objects[scope.storeSynchronization]?.annotations,
                configuration: state.objects[scope.storeConfiguration]?.annotations)
        }
        return store.problems
    }

    /// The stored configuration as text, for `GET /config`.
    public var configurationText: String? {
        state.withLock { $0.objects[scope.storeConfiguration]?.annotations[StoreKey.configuration] }
    }

    /// The history of timelines as text, for `GET /history`.
    public var historyText: String? {
        state.withLock { $0.objects[scope.storeConfiguration]?.annotations[StoreKey.history] }
    }

    /// When anything was last heard from the API server by a list or a watch.
    public var lastHeard: BootInstant? { state.withLock { $0.lastHeard } }

    public func standing(ttl: Duration) -> LockStanding {
        state.withLock { state in
            let holder = state.lock.watchedHolder.flatMap { state.pods[$0] }
            return state.lock.standing(at: clock(), ttl: ttl, holder: holder)
        }
    }

    /// The standing of a lock that was read live; nil when the view shows another version of it.
    public func standing(of read: LockRecord?, ttl: Duration) -> LockStanding? {
        state.withLock { state in
            let holder = state.lock.watchedHolder.flatMap { state.pods[$0] }
            return state.lock.standing(of: read, at: clock(), ttl: ttl, holder: holder)
        }
    }

    /// When the lock another member holds runs out if nothing changes.
    public func lockExpiry(ttl: Duration) -> BootInstant? { state.withLock { $0.lock.expiry(ttl: ttl) } }

    // MARK: Failsafe

    /// The leader this member has promised not to replace yet.
    public var failsafeLeader: String? { state.withLock { $0.lock.failsafeLeader(at: clock()) } }

    /// What this member has seen last in the lock, for a leader it refuses.
    public var reign: Reign? { state.withLock { $0.lock.record.flatMap(Reign.init) } }

    /// The reign by which this agent holds the lock now; nil when it does not.
    public func ownReign(ttl: Duration) -> Reign? {
        state.withLock { state in
            let holder = state.lock.record?.leader.flatMap { state.pods[$0] }
            guard state.lock.standing(at: clock(), ttl: ttl, holder: holder).isMine else { return nil }
            return state.lock.record.flatMap(Reign.init)
        }
    }

    /// Answers a leader that cannot reach the store; see ``FailsafePledge``.
    public func answer(_ request: FailsafeRequest, isPrimary: Bool, ttl: Duration) -> FailsafeAnswer {
        let answer = state.withLock { state in
            state.lock.answer(
                request, isPrimary: isPrimary, sealedFor: state.sealedEpoch, ttl: ttl, at: clock())
        }
        signal.yield()
        return answer
    }

    /// Whether this member may promise a candidate the next epoch; if so, it is bound from here on.
    ///
    /// A seal and a promise to a leader exclude each other as an acquisition and such a promise do: a member that vouched for
    /// its leader has no vote until that time is over, and one whose vote is given does not vouch for the leader before.
    public func beginSeal(_ wanted: Seal, isPrimary: Bool, ttl: Duration) -> SealVerdict {
        state.withLock { state in
            let holder = state.lock.watchedHolder.flatMap { state.pods[$0] }
            let verdict = judgeSeal(
                wanted, standing: state.lock.standing(at: clock(), ttl: ttl, holder: holder), lock: state.lock.record,
                isPrimary: isPrimary)
            if verdict == .seal { state.sealedEpoch = wanted.epoch }
            return verdict
        }
    }

    /// The seal this member is bound by, as its disk says; nil ends it.
    public func note(_ seal: Seal?) {
        state.withLock { $0.sealedEpoch = seal?.epoch }
    }

    /// Whether this member may now write itself into the lock over a record read live; see ``FailsafePledge``.
    ///
    /// - Returns: why not; nil when the attempt has begun, which ends with ``acquisitionSettled()``.
    public func beginAcquisition(over record: LockRecord?, listIsGone: Bool, ttl: Duration) -> String? {
        state.withLock { state in
            let holder = state.lock.watchedHolder.flatMap { state.pods[$0] }
            return state.lock.beginAcquisition(
                over: record, listIsGone: listIsGone, ttl: ttl, holder: holder, at: clock())
        }
    }

    /// Whether the last leader's failsafe list keeps this member from taking the lock now.
    public func isBarred(ttl: Duration) -> Bool {
        state.withLock { state in
            let holder = state.lock.watchedHolder.flatMap { state.pods[$0] }
            return state.lock.isBarred(
                existing: Set(state.pods.values.compactMap(\.podUID)), ttl: ttl, holder: holder, at: clock())
        }
    }

    /// The outcome of the acquisition is known for certain.
    public func acquisitionSettled() {
        state.withLock { $0.lock.acquisitionSettled() }
    }

    /// The end of this agent's own lock moves; nothing unless it is its own in this epoch.
    public func moveLockEnd(epoch: Int64, to until: BootInstant) {
        state.withLock { $0.lock.moveOwnershipEnd(epoch: epoch, to: until) }
        signal.yield()
    }

    // MARK: What this agent learns by itself

    /// Takes in the answer of an own write or a live read of the lock.
    ///
    /// It makes nobody the holder; see ``confirmOwnership(of:until:arming:)``.
    public func learn(lock record: LockRecord?, annotations: [String: String]?) {
        state.withLock { state in
            state.ownWrites += 1
            guard state.lock.answered(record, confirmedUntil: nil, at: clock()) else { return }
            if let record, let annotations {
                state.objects[lockName] = StoredObject(version: record.version, annotations: annotations)
            } else {
                state.objects[lockName] = nil
            }
        }
        signal.yield()
    }

    /// Makes this agent the holder of a record that its own write has left.
    ///
    /// - Guarantees: `arm` has returned before anybody can learn that the lock is held; if it throws, nobody ever does. An
    ///   agent that freezes anywhere on the way leaves either a fence without a holder, or no holder at all.
    /// - Parameters:
    ///   - until: counted from when the write was sent.
    ///   - arm: hands init that instant. It must not come back here.
    public func confirmOwnership(of record: LockRecord, until: BootInstant, arming arm: () throws -> Void) throws {
        try state.withLock { state in
            try arm()
            state.lock.confirmOwnership(of: record, until: until)
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
        switch lockObject {
        case .configMap: try await watchObjects(ConfigMap.self)
        case .endpoints: try await watchObjects(Endpoints.self)
        }
    }

    private func watchObjects<Kind: KubernetesResource>(_ kind: Kind.Type) async throws {
        var version = ""
        repeat {
            let writes = state.withLock { $0.ownWrites }
            let list = try await client.list(kind, namespace: scope.namespace, labelSelector: scope.selector)
            version = list.resourceVersion
            // A list that was under way while we wrote may lack the write.
            if replaceObjects(list.items.map(\.metadata), unlessWrittenSince: writes) { break }
        } while true
        for try await event in client.watch(
            kind, namespace: scope.namespace, labelSelector: scope.selector, resourceVersion: version)
        {
            switch event {
            case .added(let object), .modified(let object): store(object.metadata)
            case .deleted(let object): remove(object.metadata)
            case .bookmark: state.withLock { $0.lastHeard = clock() }
            }
        }
    }

    private func watchPods() async throws {
        let list = try await client.list(Pod.self, namespace: scope.namespace, labelSelector: scope.selector)
        let members = list.items.compactMap { Member(pod: $0, container: container) }
        state.withLock { state in
            state.pods = Dictionary(members.map { ($0.name, $0) }) { _, last in last }
            state.hasPods = true
            state.lastHeard = clock()
        }
        signal.yield()
        for try await event in client.watch(
            Pod.self, namespace: scope.namespace, labelSelector: scope.selector,
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
            state.hasObjects = true
            let now = clock()
            state.lastHeard = now
            state.lock.listed(list.first { $0.name == lockName }.map(LockRecord.init), at: now)
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
            if name == lockName {
                guard state.lock.watched(LockRecord(metadata), at: now) else { return }
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
            if name == lockName {
                guard state.lock.watched(nil, at: now) else { return }
            }
            state.objects[name] = nil
        }
        signal.yield()
    }
}
