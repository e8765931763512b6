import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import Synchronization
import Units

/// Keeps the read-write Service leading to this member from the moment it holds the lock, in a slice for each of its Pod's
/// address families.
///
/// The route is one write, made beside the promotion: a server in recovery refuses writes, and a node takes 100 ms to carry a
/// new route out, or the rest of a second in which any other endpoints changed. Whoever stops leading leaves it as it is, so
/// that there always is one; the next leader moves it. What may be written over what is ``judgeRoute(_:under:isLockRead:)``.
final class RouteKeeper: Sendable {
    private let configuration: AgentConfiguration
    private let store: any RouteStore
    private let cluster: any ClusterStore
    private let watch: ClusterWatch
    private let state: AgentState
    private let clock: any AgentClock
    private let logger: Logger
    private let contents: Mutex<Contents>

    private struct Contents {
        /// Nil: the Service selects the leader's label.
        var settings: RouteSettings?
        var keepers: [RouteFamily: SliceKeeper] = [:]
    }

    init(
        _ settings: RouteSettings?, configuration: AgentConfiguration, store: any RouteStore, cluster: any ClusterStore,
        watch: ClusterWatch, state: AgentState, clock: any AgentClock, logger: Logger
    ) {
        self.configuration = configuration
        self.store = store
        self.cluster = cluster
        self.watch = watch
        self.state = state
        self.clock = clock
        self.logger = logger
        contents = Mutex(Contents(settings: settings))
    }

    /// What the agent file says now.
    func note(_ settings: RouteSettings?) {
        let isNew = contents.withLock { contents in
            defer { contents.settings = settings }
            return contents.settings != settings
        }
        if isNew { wake() }
    }

    /// The lock may have changed.
    func wake() {
        for keeper in contents.withLock({ Array($0.keepers.values) }) { keeper.wake() }
    }

    /// Whether the Service leads to `member` and nobody else; nil when no slice decides that.
    func leads(to member: String) -> Bool? {
        let (settings, keeper) = contents.withLock {
            ($0.settings, $0.keepers[RouteFamily(of: configuration.address)])
        }
        guard settings != nil, let keeper else { return nil }
        return keeper.seen?.members == [member]
    }

    /// Works until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keep(self.configuration.address) }
            group.addTask {
                let first = RouteFamily(of: self.configuration.address)
                let addresses = await self.knownAddresses()
                if let other = addresses.first(where: { RouteFamily(of: $0) != first }) { await self.keep(other) }
            }
        }
    }

    private func keep(_ address: String) async {
        let (watch, state, cluster, clock) = (watch, state, cluster, clock)
        let target = RoutingTarget(
            address: address, port: configuration.port, pod: configuration.member, podUID: configuration.podUID,
            node: configuration.node)
        let family = RouteFamily(of: address)
        let keeper = SliceKeeper(
            family, store: store, clock: clock, logger: logger,
            slice: { [weak self] in
                self?.contents.withLock { $0.settings }.map { RouteSlice(to: target, owner: $0.owner) }
            },
            ownReign: { watch.ownReign(ttl: state.read().timings.ttl) },
            holdsLockLive: { reign in
                let record = try await cluster.readLock(deadline: clock.now + state.read().timings.retryTimeout)
                return record.flatMap(Reign.init) == reign
            })
        contents.withLock { $0.keepers[family] = keeper }
        keeper.wake()
        await keeper.run()
    }

    /// Those of the Pod as Kubernetes knows it: the environment names the first alone, and what the Pods' template says is not
    /// changed for running databases.
    private func knownAddresses() async -> [String] {
        var pause = Duration.milliseconds(500)
        while !Task.isCancelled {
            do {
                return try await store.addresses(ofPod: configuration.member)
            } catch {
                logger.debug("the Pod's addresses are not known yet", metadata: ["error": "\(error)"])
            }
            // Cancellation shows at the head of the loop.
            try? await clock.sleep(for: pause)
            pause = min(pause * 2, .seconds(10))
        }
        return []
    }
}
