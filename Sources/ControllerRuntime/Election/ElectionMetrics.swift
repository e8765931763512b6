public import Observability

/// The metric client-go exports about an election.
public struct ElectionMetrics: Sendable {
    let status: Gauge

    public init(registry: MetricsRegistry) {
        status = registry.gauge(
            "leader_election_master_status",
            help: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates "
                + "master. 'name' is the string used to identify the lease. Please make sure to group by name.",
            labels: ["name"])
    }
}
