import ArgumentParser

/// `matriarch topology`: the members as a tree of who streams from whom.
struct TopologyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topology", abstract: "Show the members of clusters as a tree: who streams from whom.",
        discussion: """
            The table of `list`, with each standby below the member it streams from: the leader, or the one its tag \
            `replicatefrom` names while that one streams itself.
            """)

    @OptionGroup var listed: ListedClusters

    @OptionGroup var output: FormatOption

    @OptionGroup var repetition: RepeatOption

    func run() async throws {
        try await ListingPrinter(
            clusters: listed, renderer: ListRenderer(format: output.format, showsNamespace: listed.allNamespaces),
            repetition: repetition
        ).run { $0.arrangeAsTree() }
    }
}
