public import KubernetesModels
public import PostgresClusterAPI

/// Decides what to do about one cluster.
///
/// - Parameters:
///   - cluster: the resource, read live: its status holds the marks that keep a request from being carried out twice.
///   - observed: everything else the shell read.
///   - now: written into status and compared with times in it; nothing that keeps data safe depends on it.
public func plan(desired cluster: PostgresCluster, observed: Observed, now: Timestamp) -> Plan {
    Plan()
}
