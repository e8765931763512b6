public import ClusterRecords
public import HighAvailability
package import KubernetesModels
import Synchronization
public import Units

/// One member's view of the store, kept current by whoever watches the store's objects and the Pods.
///
/// - Guarantees: a view never goes back behind this agent's own write to the lock. Each renewal of the lock by another
///   is stamped with the boot-clock instant at which this process first saw it.
/// - Assumptions: watches may be late, end, or fall silent. Nothing may be *decided* from a view that a live read has to
///   decide; it says when to look.
public final class ClusterWatch: Sendable {
    /// The lock, which this watch hands what it sees.
    public let desk: LockDesk
    private let scope: Scope
    private let lockObject: LockObject
    private let container: String
    private let clock: any AgentClock
    private let state: Mutex<State>

    private struct State {
        var cache: StoreCache
        /// By the names of the members; nil before the Pods were listed.
        var words: [String: MemberWord]?
        var lastHeard: BootInstant?
    }

    /// - Parameter container: name of the container that runs PostgreSQL, whose death counts.
    public init(
        scope: Scope, lockObject: LockObject, container: String, desk: LockDesk, clock: any AgentClock
    ) {
        self.desk = desk
        self.scope = scope
        self.lockObject = lockObject
        self.container = container
        self.clock = clock
        state = Mutex(State(cache: StoreCache(scope: scope, lockObject: lockObject)))
    }

    private var lockName: String { scope.storeLeader(lockObject) }

    /// One element after each change; see ``LockDesk/changes``.
    public var changes: AsyncStream<Void> { desk.changes }

    // MARK: Reading

    /// The view, or nil until both lists have been read once.
    public func view() -> ClusterView? {
        let view = state.withLock { $0.cache.isListed && $0.words != nil ? $0.cache.view() : nil }
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
    public var storeProblems: [Problem] { state.withLock { $0.cache.problems() } }

    /// The stored configuration as text, for `GET /config`.
    public var configurationText: String? { state.withLock { $0.cache.setting(StoreKey.configuration) } }

    /// The history of timelines as text, for `GET /history`.
    public var historyText: String? { state.withLock { $0.cache.setting(StoreKey.history) } }

    /// The revision of the declared roles; nil when none ever were.
    public var rolesRevision: String? { state.withLock { $0.cache.setting(StoreKey.roles) } }

    /// What each member last said of itself, for `GET /cluster`.
    public var words: [String: MemberWord] { state.withLock { $0.words ?? [:] } }

    /// When anything was last heard from the API server by a list or a watch.
    public var lastHeard: BootInstant? { state.withLock { $0.lastHeard } }

    // MARK: What this agent learns by itself

    /// Takes in the answer of an own write or a live read of the lock.
    ///
    /// It makes nobody the holder; see ``LockStation/landed(_:sentAt:_:)``.
    public func learn(lock record: LockRecord?, annotations: [String: String]?) {
        let (isNews, isTaken) = desk.look { ($0.isNews(record, at: $1), $0.answered(record, at: $1)) }
        if isTaken {
            state.withLock {
                $0.cache.put(lockName, version: record?.version ?? "", annotations: record == nil ? nil : annotations)
            }
        }
        if isNews { desk.tell() }
    }

    // MARK: The store's objects

    /// A list is about to be asked for.
    package func willListObjects() { desk.look { station, _ in station.willList() } }

    /// Takes in a list of the store's objects.
    ///
    /// - Returns: false when the list may lack what this agent has written meanwhile; then another one is to be asked for.
    package func take(_ list: [ObjectMeta]) -> Bool {
        let lock = list.first { $0.name == lockName }.map(LockRecord.init)
        heard()
        guard desk.look({ $0.listed(lock, at: $1) }) else { return false }
        state.withLock { $0.cache.replace(with: list) }
        desk.tell()
        return true
    }

    /// Takes in what a watch event shows.
    package func store(_ metadata: ObjectMeta) {
        heard()
        var isNews = true
        if metadata.name == lockName {
            let record = LockRecord(metadata)
            let isTaken: Bool
            (isNews, isTaken) = desk.look { ($0.isNews(record, at: $1), $0.watched(record, at: $1)) }
            guard isTaken else { return }
        }
        state.withLock { $0.cache.put(metadata) }
        if isNews { desk.tell() }
    }

    /// Takes in that an object was deleted.
    package func remove(_ metadata: ObjectMeta) {
        guard let name = metadata.name else { return }
        heard()
        if name == lockName {
            guard desk.look({ $0.watched(nil, at: $1) }) else { return }
        }
        state.withLock { $0.cache.put(name, version: "", annotations: nil) }
        desk.tell()
    }

    // MARK: The Pods

    /// Takes in a list of the cluster's Pods.
    package func take(_ pods: [Pod]) {
        let members = pods.compactMap { member($0) }
        heard()
        desk.look { station, _ in
            station.members = Dictionary(members.map { ($0.member.name, $0.member) }) { _, last in last }
        }
        state.withLock { $0.words = Dictionary(members.map { ($0.member.name, $0.word) }) { _, last in last } }
        desk.tell()
    }

    /// Takes in what a watch event shows. A stranger's Pod may have been a member's before somebody took it over.
    package func store(_ pod: Pod) {
        heard()
        keep(member(pod), as: pod.metadata.name ?? "")
    }

    /// Takes in that a Pod is gone.
    package func remove(_ pod: Pod) {
        heard()
        keep(nil, as: pod.metadata.name ?? "")
    }

    /// Nil for a Pod that has nothing but the cluster's label.
    private func member(_ pod: Pod) -> (member: Member, word: MemberWord)? {
        guard scope.isMember(pod.metadata) else { return nil }
        let record = MemberRecord(pod: pod)
        return Member(pod: pod, saying: record, container: container).map {
            ($0, MemberWord(record ?? MemberRecord(), silence: Silence(pod: pod)))
        }
    }

    private func keep(_ new: (member: Member, word: MemberWord)?, as name: String) {
        state.withLock { $0.words?[name] = new?.word }
        let isNews = desk.look { station, _ in
            defer { station.members[name] = new?.member }
            return station.members[name] != new?.member
        }
        if isNews { desk.tell() }
    }

    /// The API server has said something, if only that nothing has changed.
    package func heard() {
        let now = clock.now
        state.withLock { $0.lastHeard = now }
    }
}
