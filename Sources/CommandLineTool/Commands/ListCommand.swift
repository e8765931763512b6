import ArgumentParser

/// `matriarch list`: members, roles, positions and lag, in Patroni's table.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the members of clusters: role, state, timeline and lag.",
        discussion: """
            Lags are in MB behind the leader. Positions come from the members themselves, through the API server; \
            without the right to `get pods/proxy` they are those of the last change a member published. A member that \
            does not answer is `unknown`.
            """)

    @OptionGroup var listed: ListedClusters

    @Flag(name: .shortAndLong, help: "Show every column, also those without a value.")
    var extended = false

    @Flag(name: .shortAndLong, help: "Print the time above the table.")
    var timestamp = false

    @OptionGroup var output: FormatOption

    @OptionGroup var repetition: RepeatOption

    func run() async throws {
        try await ListingPrinter(
            clusters: listed,
            renderer: ListRenderer(
                format: output.format, isExtended: extended, showsNamespace: listed.allNamespaces),
            repetition: repetition, showsTime: timestamp
        ).run()
    }
}
