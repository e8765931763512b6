public import ControllerRuntime
public import KubernetesClient
public import PostgresClusterAPI

/// How one operator process runs.
public struct OperatorConfiguration: Sendable {
    /// Where the API server is; nil finds out, in a cluster or from a kubeconfig.
    public var cluster: ClusterConfiguration?
    /// Name of this Pod, part of the Lease's holder identity.
    public var podName: String
    /// Namespace of the Lease.
    public var namespace: String
    /// The only namespace whose clusters are looked after; nil for all.
    public var watchedNamespace: String?
    public var leaseName: String
    public var election: ElectionTimings
    /// Clusters reconciled at the same time.
    public var workers: Int

    public init(
        cluster: ClusterConfiguration? = nil, podName: String = OperatorNames.deployment,
        namespace: String = OperatorNames.namespace, watchedNamespace: String? = nil,
        leaseName: String = OperatorNames.lease, election: ElectionTimings = ElectionTimings(), workers: Int = 4
    ) {
        self.cluster = cluster
        self.podName = podName
        self.namespace = namespace
        self.watchedNamespace = watchedNamespace
        self.leaseName = leaseName
        self.election = election
        self.workers = workers
    }

    /// From the Deployment's environment: `POD_NAME`, `POD_NAMESPACE`, and `WATCH_NAMESPACE` (empty or absent for all).
    public init(environment: [String: String]) {
        func value(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
        self.init(
            podName: value("POD_NAME") ?? value("HOSTNAME") ?? OperatorNames.deployment,
            namespace: value("POD_NAMESPACE") ?? OperatorNames.namespace,
            watchedNamespace: value("WATCH_NAMESPACE"))
    }
}
