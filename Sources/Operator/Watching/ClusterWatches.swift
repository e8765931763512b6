import ClusterRecords
import ControllerRuntime
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// Everything the operator watches, only to know which cluster to look at; what it decides on it reads live.
///
/// Secrets are not watched: a list of them would need the right to read every Secret.
struct ClusterWatches: Sendable {
    /// A burst of changes, such as all Pods of a new cluster, is one reconcile. Requests of people are never delayed.
    private static let burst = Duration.milliseconds(15)
    /// How often is looked whose lock has not been renewed; no request goes out for it.
    private static let lockCheck = Duration.seconds(1)

    private let runs: [@Sendable () async -> Void]
    private let synced: [@Sendable () async -> Void]

    init(
        client: KubernetesClient, namespace: String?, queue: WorkQueue<ResourceKey, ContinuousClock>,
        ages: LockAges, clock: ContinuousClock, metrics: ReflectorMetrics
    ) {
        var running: [@Sendable () async -> Void] = []
        var syncing: [@Sendable () async -> Void] = []

        func watch<R: KubernetesResource>(
            _ store: Store<R>, labelSelector: String? = nil, after delay: Duration = Self.burst,
            where filter: @escaping @Sendable (StoreChange<R>) -> Bool,
            keys: @escaping @Sendable (R) -> [ResourceKey],
            also handler: @escaping Reflector<R, ContinuousClock>.Handler = { _ in }
        ) {
            let reflector = Reflector(
                source: .objects(of: client, namespace: namespace, labelSelector: labelSelector),
                store: store, clock: clock, metrics: metrics,
                handlers: [
                    Reflector<R, ContinuousClock>.enqueue(to: queue, after: delay, where: filter, keys: keys), handler,
                ])
            running.append { await reflector.run() }
            syncing.append { await reflector.store.waitUntilSynced() }
        }

        // Other Patroni clusters carry the same label; without a resource of ours there is nothing to look at. A resource
        // that is not cached yet is queued when it is.
        let clusters = Store<PostgresCluster> { $0.status = nil }
        func known<R: KubernetesResource>(
            _ keys: @escaping @Sendable (R) -> [ResourceKey]
        ) -> @Sendable (R) -> [ResourceKey] {
            { object in keys(object).filter { clusters[$0] != nil } }
        }

        let managed = "\(Labels.managedBy)=\(Labels.application)"
        watch(clusters, after: .zero, where: { ChangeFilter.wasChangedByOthers($0) }, keys: EventMapping.itself)
        watch(
            Store<Pod> { $0.spec = nil }, labelSelector: "\(managed),\(Labels.cluster)", where: { _ in true },
            keys: EventMapping.label(Labels.cluster))
        watch(
            Store<StatefulSet> { $0.spec = nil }, labelSelector: managed, where: { _ in true },
            keys: EventMapping.controller(of: PostgresCluster.resource))
        watch(
            Store<Service>(), labelSelector: managed, where: { _ in true },
            keys: EventMapping.controller(of: PostgresCluster.resource))
        watch(
            Store<ConfigMap>(), labelSelector: Labels.cluster,
            where: { ChangeFilter.changedItsMeaning($0) || $0.dataChanged },
            keys: known(EventMapping.label(Labels.cluster)),
            also: { change in if let key = ages.noticed(change, .configMap) { queue.add(key) } })
        watch(
            Store<Endpoints> { $0.subsets = nil }, labelSelector: Labels.cluster,
            where: { ChangeFilter.changedItsMeaning($0) }, keys: known(EventMapping.label(Labels.cluster)),
            also: { change in if let key = ages.noticed(change, .endpoints) { queue.add(key) } })
        running.append {
            while !Task.isCancelled {
                do { try await clock.sleep(for: Self.lockCheck) } catch { return }
                for key in ages.overdue() where clusters[key] != nil { queue.add(key) }
            }
        }
        runs = running
        synced = syncing
    }

    /// Watches until cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for run in runs { group.addTask { await run() } }
        }
    }

    /// Returns when every kind was listed once, or when cancelled.
    func waitUntilSynced() async {
        for wait in synced { await wait() }
    }
}

extension StoreChange where R == ConfigMap {
    /// Whether the contents differ: those of the agents' configuration, which the operator keeps.
    fileprivate var dataChanged: Bool {
        switch self {
        case .added, .deleted: true
        case .updated(let old, let new): old.data != new.data
        }
    }
}
