public import ClusterRecords
public import ClusterStore
import ControllerRuntime
public import KubernetesClient
import KubernetesModels
public import Logging
public import Units

/// Keeps a member's view of the store current by two watches of the API server: the store's objects and the Pods.
public struct ClusterWatcher: Sendable {
    private let client: KubernetesClient
    private let scope: Scope
    private let lockObject: LockObject
    private let watch: ClusterWatch
    private let clock: any AgentClock
    private let logger: Logger

    /// - Parameter watch: is told everything that is seen.
    public init(
        client: KubernetesClient, scope: Scope, lockObject: LockObject, watch: ClusterWatch, clock: any AgentClock,
        logger: Logger
    ) {
        self.client = client
        self.scope = scope
        self.lockObject = lockObject
        self.watch = watch
        self.clock = clock
        self.logger = logger
    }

    /// Lists and watches until cancelled; an error only means to begin again.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                switch lockObject {
                case .configMap: await followObjects(ConfigMap.self)
                case .endpoints: await followObjects(Endpoints.self)
                }
            }
            group.addTask { await followPods() }
        }
    }

    private func followObjects<Kind: KubernetesResource>(_ kind: Kind.Type) async {
        await follow(kind, by: clock, willList: { watch.willListObjects() }) { list in
            watch.take(list.map(\.metadata))
        } changed: { event in
            switch event {
            case .added(let object), .modified(let object): watch.store(object.metadata)
            case .deleted(let object): watch.remove(object.metadata)
            case .bookmark: watch.heard()
            }
        }
    }

    private func followPods() async {
        await follow(Pod.self, by: clock) { list in
            watch.take(list)
            return true
        } changed: { event in
            switch event {
            case .added(let pod), .modified(let pod): watch.store(pod)
            case .deleted(let pod): watch.remove(pod)
            case .bookmark: watch.heard()
            }
        }
    }

    /// A list that misses a change, or a watch that has died unheard, costs a failover its first seconds: so nothing is
    /// resumed after a failure, and no pause is long.
    private static let pacing = WatchPacing(
        backoff: Backoff(base: .milliseconds(50), maximum: .seconds(1)), listsAfterFailure: true)

    private func follow<Kind: KubernetesResource>(
        _ kind: Kind.Type, by clock: some AgentClock, willList: @escaping @Sendable () -> Void = {},
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
        let watcher = ResourceWatcher(
            source: source, clock: clock, pacing: Self.pacing, logger: logger, listed: listed, changed: changed)
        await watcher.run()
    }
}
