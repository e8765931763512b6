import ArgumentParser
import ClusterRecords
import KubernetesClient

/// `matriarch why`: what a member decided last, and on what.
struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Show what a member decided last, what it saw, and why it decided so.",
        discussion: """
            Asked of the member's agent, which keeps the last 50 decisions of its life in memory, through the API server's Pod \
            proxy: you need the right to get pods/proxy. What an agent before it decided stands in the log: matriarch logs.
            """)

    @Argument(help: "The member.", completion: NameCompletion.members)
    var member: String

    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("So many last decisions; otherwise all that are kept.", valueName: "count"))
    var last: Int?

    @OptionGroup var output: FormatOption

    func validate() throws {
        if let last, last < 1 { throw ValidationError("--last must be at least 1.") }
    }

    func run() async throws {
        let reader = ClusterReader(client: try connection.client())
        let namespace = reader.client.configuration.namespace
        let decisions = try await reader.decisions(of: member, namespace: namespace)
        if decisions.isEmpty, output.format == .pretty {
            Terminal.note("\(member) has not decided anything yet: its agent has not read the cluster's records")
        }
        print(DecisionTable(decisions: decisions.suffix(last ?? decisions.count)).table.rendered(output.format))
    }
}
