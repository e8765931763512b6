import ArgumentParser
import KubernetesClient

/// `matriarch history`: when the primary changed, in Patroni's table.
struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show when the primary changed, and to whom.",
        discussion: """
            One line for each timeline that ended: where it ended, when, and who began the next one. The kind of change is told \
            where the cluster's status still has it: the last switchover, the last one the operator asked for itself and the \
            last failover.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @OptionGroup var output: FormatOption

    func run() async throws {
        let reader = ClusterReader(client: try connection.client())
        let history = try await reader.history(cluster, namespace: reader.client.configuration.namespace)
        print(history.table.rendered(output.format))
    }
}
