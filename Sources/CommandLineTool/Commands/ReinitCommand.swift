import ArgumentParser
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch reinit`: copies a replica's data anew by way of spec.reinitialize.
struct ReinitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reinit", abstract: "Copy the primary's data to a replica anew, and keep the replica's old data.",
        discussion: """
            Writes spec.reinitialize. The old data is kept beside the new; the leader is never reinitialized. Exit status 1 when it \
            was refused or, with --wait, when it failed.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @Argument(help: "The member.", completion: NameCompletion.members)
    var member: String

    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("How long the member has until it has begun.", valueName: "seconds"))
    var timeout = 300

    @Flag(help: "Wait until the copy streams, however long that takes.")
    var wait = false

    @Flag(
        help: """
            Do not ask for confirmation; and do it also while another member is copied, while commits have to wait for it, and \
            without room for both.
            """)
    var force = false

    func validate() throws {
        guard (10...3600).contains(timeout) else {
            throw ValidationError("--timeout must be between 10 and 3600 seconds.")
        }
    }

    func run() async throws {
        let client = try connection.client()
        let reader = ClusterReader(client: client)
        let namespace = client.configuration.namespace
        _ = try await reader.cluster(cluster, namespace: namespace)
        let listing = try await reader.listing(cluster, namespace: namespace)
        try listing.requireMembers([member])
        try requireReplica(listing)
        if !force {
            try Terminal.confirm(
                "Are you sure you want to reinitialize members \(member)?", about: listing, or: "reinitialize")
        }
        let id = "cli-\(Timestamp.now().microsecondDescription)"
        let watch = Stopwatch()
        _ = try await client.mergePatchRaw(
            PostgresCluster.resource, name: cluster, namespace: namespace, body: ["spec": ["reinitialize": block(id)]])
        Terminal.note("\(watch.text): requested, id \(id)")
        let request = FollowedRequest(
            id: id, what: "reinitialize", cluster: cluster, namespace: namespace, timeout: timeout, watch: watch)
        let status = try await request.end(
            reader, isEnough: { hasBegun($0) && !wait }, isLong: { hasBegun($0) }
        ) { $0.status?.reinitialize }
        print(try Self.outcome(status, elapsed: watch.elapsed))
    }

    /// The agent has the last word; but nobody is to be asked whether the leader's data may go.
    func requireReplica(_ listing: ClusterListing) throws {
        guard listing.members.first(where: { $0.name == member })?.role.leads == true else { return }
        throw CommandError("\(member) is the leader, can not reinitialize; see: matriarch switchover \(cluster)")
    }

    private func hasBegun(_ status: ReinitializeStatus) -> Bool { status.startedAt != nil }

    /// Every field, so that nothing of an earlier request stays.
    func block(_ id: String) -> JSONValue {
        [
            "id": .string(id), "instance": .string(member), "force": .bool(force), "timeout": .int(Int64(timeout)),
        ]
    }

    /// What is printed at the end, in Patroni's words.
    ///
    /// - Throws: ``CommandError`` for one that was refused or has failed.
    static func outcome(_ status: ReinitializeStatus, elapsed: Duration) throws -> String {
        switch status.phase {
        case .succeeded:
            "Reinitialize is completed on: \(status.instance)\nDone in \(Stopwatch.text(elapsed))"
        case .requested, .inProgress:
            "Success: reinitialize for member \(status.instance)"
        case .failed:
            throw CommandError(
                "Failed: reinitialize for member \(status.instance), \(status.message ?? status.reason) "
                    + "(\(status.reason))")
        }
    }
}
