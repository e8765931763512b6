import ArgumentParser
import ClusterRecords
import HighAvailability
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch flush`: calls off what waits for its time.
struct FlushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush", abstract: "Call off a scheduled switchover or restart.",
        discussion: """
            matriarch flush demo switchover; matriarch flush demo demo-1 restart. What has begun already goes on. A restart that is \
            called off for some members stays scheduled for the others.
            """)

    enum Target: String {
        case switchover
        case restart
    }

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @Argument(
        help: ArgumentHelp(
            "For a restart the members, otherwise all; then what to call off.",
            valueName: "member… switchover|restart"),
        completion: .list(["switchover", "restart"]))
    var words: [String] = []

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Do not ask for confirmation.")
    var force = false

    var target: Target? { words.last.flatMap { Target(rawValue: $0) } }
    var members: [String] { Array(words.dropLast()) }

    func validate() throws {
        guard let target else { throw ValidationError("The last word must be switchover or restart.") }
        guard target == .restart || members.isEmpty else {
            throw ValidationError("A switchover is of the whole cluster: name no member.")
        }
    }

    func run() async throws {
        let reader = ClusterReader(client: try connection.client())
        let scheduled = ScheduledRequests(
            reader: reader, cluster: cluster, namespace: reader.client.configuration.namespace)
        switch target {
        case .switchover?: print(try await scheduled.flushSwitchover())
        case .restart?:
            print(
                try await scheduled.flushRestart(members) { named, listing in
                    guard !force else { return }
                    try Terminal.confirm(
                        "Are you sure you want to flush members \(named.joined(separator: ", "))?", about: listing,
                        or: "flush")
                })
        case nil: break
        }
    }
}
