import ArgumentParser
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch list`: members, roles, positions and lag, in Patroni's table.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the members of clusters: role, state, timeline and lag.",
        discussion: """
            Lags are in MB behind the leader. Positions come from the members themselves, through the API server; \
            without the right to `get pods/proxy` they are those of the last change a member published. A member that \
            does not answer is `unknown`.
            """)

    @Argument(help: "Names of clusters; all of the namespace when none is given.")
    var clusters: [String] = []

    @OptionGroup var connection: ConnectionOptions

    @Flag(name: [.customShort("A"), .long], help: "All namespaces.")
    var allNamespaces = false

    @Flag(name: .shortAndLong, help: "Show every column, also those without a value.")
    var extended = false

    @Flag(name: .shortAndLong, help: "Print the time above the table.")
    var timestamp = false

    @Option(
        name: [.customShort("o"), .customLong("output"), .customShort("f"), .customLong("format")],
        help: "pretty, tsv, json or yaml.")
    var format = OutputFormat.pretty

    @Option(name: .shortAndLong, help: ArgumentHelp("Repeat every so many seconds.", valueName: "seconds"))
    var watch: Double?

    @Flag(name: .customShort("W"), help: "Repeat every 2 seconds.")
    var watchesEveryTwoSeconds = false

    func validate() throws {
        if let watch, !(0.1...86_400).contains(watch) {
            throw ValidationError("--watch must be between 0.1 and 86400 seconds.")
        }
        if allNamespaces && (!clusters.isEmpty || connection.namespace != nil) {
            throw ValidationError("--all-namespaces goes with neither a cluster's name nor --namespace.")
        }
    }

    func run() async throws {
        let reader = ClusterReader(client: try connection.client())
        let renderer = ListRenderer(format: format, isExtended: extended, showsNamespace: allNamespaces)
        var looks = LockLooks<ContinuousClock.Instant>()
        let interval = watch ?? (watchesEveryTwoSeconds ? 2 : nil)
        repeat {
            var listings = try await listings(reader)
            // Times in Kubernetes objects have seconds.
            let now = Timestamp(secondsSince1970: Timestamp.now().microsecondsSince1970 / 1_000_000)
            for index in listings.indices {
                looks.mark(&listings[index], at: .now, shown: now.description)
            }
            if interval != nil && format == .pretty { Terminal.clear() }
            if timestamp { print(Timestamp.now().description) }
            print(renderer.rendered(listings))
            if let interval { try await Task.sleep(for: .seconds(interval)) }
        } while interval != nil
    }

    private func listings(_ reader: ClusterReader) async throws -> [ClusterListing] {
        let namespace = reader.client.configuration.namespace
        var wanted = clusters.map { (namespace, $0) }
        if wanted.isEmpty {
            wanted = try await reader.clusters(namespace: allNamespaces ? nil : namespace).map {
                ($0.metadata.namespace ?? namespace, $0.metadata.name ?? "")
            }
            if wanted.isEmpty {
                throw CommandError(
                    allNamespaces
                        ? "no PostgresCluster in any namespace" : "no PostgresCluster in namespace \(namespace)")
            }
        }
        var listings: [ClusterListing] = []
        for (namespace, name) in wanted { listings.append(try await reader.listing(name, namespace: namespace)) }
        return listings
    }
}
