import ArgumentParser
import ClusterRecords
import KubernetesClient
import KubernetesModels

/// `matriarch logs`: what the members' agents and servers wrote, in the order of time.
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print the logs of all or some members, by time.",
        discussion: """
            Each line begins with its member, unless one alone is asked for. Followed, lines are printed as they come, and a member \
            that is restarted is followed again.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @Argument(
        help: ArgumentHelp("The members; otherwise all.", valueName: "member"), completion: NameCompletion.members)
    var members: [String] = []

    @OptionGroup var connection: ConnectionOptions

    @Flag(name: .shortAndLong, help: "Go on with what is written next.")
    var follow = false

    @Option(help: ArgumentHelp("Only what was written in that time, such as 90s, 5m or 1h30m.", valueName: "time"))
    var since: String?

    @Option(
        help: ArgumentHelp(
            "So many last lines of each member; otherwise 1000, or all with --since.", valueName: "lines"))
    var tail: Int?

    @Flag(help: "Of the container before this one.")
    var previous = false

    @Flag(help: "Print the time the node noted before each line.")
    var timestamps = false

    func validate() throws {
        if let since, LogRequest.seconds(since) == nil {
            throw ValidationError("--since must be a time such as 90s, 5m, 2h or 1h30m.")
        }
        if let tail, !(0...1_000_000).contains(tail) {
            throw ValidationError("--tail must be between 0 and 1000000 lines.")
        }
        if follow && previous { throw ValidationError("--follow and --previous are mutually exclusive options.") }
    }

    func run() async throws {
        let reader = ClusterReader(client: try connection.client())
        let namespace = reader.client.configuration.namespace
        let records = try await reader.records(cluster, namespace: namespace, asksMembers: false)
        let listing = ClusterListing(namespace: namespace, name: cluster, records: records)
        try listing.requireMembers(members)
        let all = listing.members.map(\.name)
        let wanted = members.isEmpty ? all : all.filter { members.contains($0) }
        guard !wanted.isEmpty else { throw CommandError("cluster \(cluster) has no members") }
        let request = LogRequest(
            namespace: namespace, sinceSeconds: since.flatMap { LogRequest.seconds($0) },
            tail: tail ?? (since == nil ? 1000 : nil), isPrevious: previous)
        let source = LogSource(
            client: reader.client, request: request, printer: LogPrinter(wanted, showsTime: timestamps))
        if follow { try await source.follow(wanted) } else { try await source.printAll(wanted) }
    }
}
