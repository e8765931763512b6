public import ControllerRuntime
import KubernetesClient
public import Logging
import Observability
import PostgresClusterAPI

/// One operator process: elects itself among its replicas, then reconciles clusters until it is told to stop.
public struct OperatorProcess: Sendable {
    /// How a process ended.
    public typealias Outcome = LeaderElector<ContinuousClock>.Outcome

    public let health: OperatorHealth
    private let configuration: OperatorConfiguration
    private let logger: Logger

    public init(
        configuration: OperatorConfiguration, health: OperatorHealth = OperatorHealth(),
        logger: Logger = Logger(label: "matriarch.operator")
    ) {
        self.configuration = configuration
        self.health = health
        self.logger = logger
    }

    /// Runs until cancelled or until the lease is lost.
    ///
    /// - Cancellation (SIGTERM): takes no new work, finishes reconciles in progress, writes the last events, releases the
    ///   lease and returns `released`.
    /// - Returns: `lost` when another process may lead; the caller exits with a status other than 0.
    /// - Throws: when the API server's address or credentials cannot be found. An API server that does not answer is no
    ///   error: it is tried again, and said so in the log.
    public func run() async throws -> Outcome {
        let cluster = try configuration.cluster ?? ClusterConfiguration.automatic()
        var options = ClientOptions()
        options.userAgent = "matriarch-operator"
        options.threadName = "operator-api"
        options.observe = RequestMetrics(registry: health.registry).observer(server: cluster.server)
        let client = KubernetesClient(configuration: cluster, options: options)
        defer { client.shutdown() }
        // Renewals have a connection and a thread of their own: they never wait behind other requests.
        options.threadName = "operator-lease"
        let leaseClient = KubernetesClient(configuration: cluster, options: options)
        defer { leaseClient.shutdown() }
        let elector = LeaderElector(
            name: configuration.leaseName,
            identity: LeaderElector<ContinuousClock>.identity(podName: configuration.podName),
            leases: KubernetesLeaseStore(
                client: leaseClient, namespace: configuration.namespace, name: configuration.leaseName,
                deadline: min(.seconds(4), configuration.election.renewDeadline / 2)),
            timings: configuration.election, clock: ContinuousClock(),
            metrics: ElectionMetrics(registry: health.registry))
        logger.notice(
            "starting",
            metadata: [
                "pod": "\(configuration.podName)", "lease": "\(configuration.namespace)/\(configuration.leaseName)",
                "watched": "\(configuration.watchedNamespace ?? "all namespaces")",
            ])
        health.enter(.following)
        let manager = Manager(configuration: configuration, client: client, health: health)
        let outcome = try await elector.run { await manager.run() }
        health.enter(outcome == .lost ? .lost : .stopping)
        return outcome
    }
}
