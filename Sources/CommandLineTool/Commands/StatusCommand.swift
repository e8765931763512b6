import ArgumentParser
import KubernetesClient
import KubernetesModels

/// `matriarch status`: one screen on one cluster.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show on one screen how a cluster is, and what to do next.",
        discussion: """
            Conditions that are good are not shown. Times of the lock are its holder's: whether it is renewed in time is told where \
            the operator, or --watch, has seen that it is not.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @OptionGroup var output: FormatOption

    @OptionGroup var repetition: RepeatOption

    func run() async throws {
        let reader = ClusterReader(client: try connection.client())
        let namespace = reader.client.configuration.namespace
        var looks = LockLooks<ContinuousClock.Instant>()
        try await repetition.repeating(clears: output.format == .pretty) {
            let records = try await reader.records(cluster, namespace: namespace)
            var overview = ClusterOverview(records, namespace: namespace, name: cluster)
            // Times in Kubernetes objects have seconds.
            let now = Timestamp(secondsSince1970: Timestamp.now().microsecondsSince1970 / 1_000_000)
            looks.mark(&overview.listing, at: .now, shown: now.description)
            print(OverviewRenderer(overview: overview).rendered(output.format))
        }
    }
}
