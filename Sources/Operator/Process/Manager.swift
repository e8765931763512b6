import ControllerRuntime
import KubernetesClient
import KubernetesModels
import Logging
import Observability
import PostgresClusterAPI

/// The work of a leading operator: reflectors that queue clusters, a controller that reconciles them, and the recorder of
/// events.
struct Manager: Sendable {
    let configuration: OperatorConfiguration
    let client: KubernetesClient
    let health: OperatorHealth
    private let logger = Logger(label: "matriarch.operator")

    init(configuration: OperatorConfiguration, client: KubernetesClient, health: OperatorHealth) {
        self.configuration = configuration
        self.client = client
        self.health = health
    }

    /// Works until cancelled; returns when reconciles in progress have ended and the last events are written.
    func run() async {
        let clock = ContinuousClock()
        let registry = health.registry
        let recorder = EventRecorder(
            client: client, controller: "\(PostgresCluster.resource.group)/operator", instance: configuration.podName,
            clock: clock, metrics: EventMetrics(registry: registry))
        let queue = WorkQueue<ResourceKey, ContinuousClock>(
            name: Self.controllerName, clock: clock, metrics: WorkQueueMetrics(registry: registry))
        let ages = LockAges()
        let reconciler = ClusterReconciler(
            access: ClusterAccess(client: client, logger: logger), recorder: recorder, ages: ages,
            metrics: OperatorMetrics(registry: registry))
        let controller = Controller(
            name: Self.controllerName, reconciler: reconciler, queue: queue, workers: configuration.workers,
            clock: clock, metrics: ControllerMetrics(registry: registry))
        let watches = ClusterWatches(
            client: client, namespace: configuration.watchedNamespace, queue: queue, ages: ages,
            clock: clock, metrics: ReflectorMetrics(registry: registry))

        health.enter(.syncing)
        // The recorder outlives the controller, so that what the last reconciles tell is written too. Unstructured for that
        // reason, and awaited below.
        let recording = Task { await recorder.run() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await watches.run() }
            group.addTask {
                // Reconciles read live, so they need no complete caches; only readiness waits for them.
                await watches.waitUntilSynced()
                if !Task.isCancelled { health.enter(.leading) }
            }
            group.addTask { await controller.run() }
        }
        health.enter(.stopping)
        recording.cancel()
        await recording.value
        logger.notice("stopped")
    }

    private static let controllerName = "postgrescluster"
}
