import ArgumentParser
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch switchover`: moves the primary by way of spec.switchover.
struct SwitchoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchover", abstract: "Make another member the primary, without losing anything.",
        discussion: "Writes spec.switchover and follows status.switchover. Exit status 1 when it failed.")

    @Argument(help: "The cluster.")
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("The member to become primary; otherwise the best replica.", valueName: "member"))
    var candidate: String?

    @Option(help: ArgumentHelp("Withdraw the request when it was not carried out by then.", valueName: "seconds"))
    var timeout = 60

    @Flag(inversion: .prefixedNo, help: "Wait until it has ended.")
    var wait = true

    @Flag(help: "Do not ask for confirmation.")
    var force = false

    func validate() throws {
        guard (5...3600).contains(timeout) else {
            throw ValidationError("--timeout must be between 5 and 3600 seconds.")
        }
    }

    func run() async throws {
        let client = try connection.client()
        let reader = ClusterReader(client: client)
        let namespace = client.configuration.namespace
        _ = try await reader.cluster(cluster, namespace: namespace)
        let listing = try await reader.listing(cluster, namespace: namespace)
        try check(listing)
        try confirm(listing)
        let id = "cli-\(Timestamp.now().microsecondDescription)"
        let watch = Stopwatch()
        try await write(id, client, namespace)
        Terminal.note("\(watch.text): requested, id \(id)")
        guard wait else { return }
        let request = FollowedRequest(
            id: id, what: "switchover", cluster: cluster, namespace: namespace, timeout: timeout, watch: watch)
        print(try Self.outcome(try await request.end(reader) { $0.status?.switchover }, elapsed: watch.elapsed))
    }

    /// The refusals that need no operator.
    private func check(_ listing: ClusterListing) throws {
        guard let candidate else { return }
        guard let member = listing.members.first(where: { $0.name == candidate }) else {
            throw CommandError("Member \(candidate) does not exist in cluster \(cluster)")
        }
        if member.role == .leader {
            throw CommandError("Member \(candidate) is already the leader of cluster \(cluster)")
        }
    }

    private func confirm(_ listing: ClusterListing) throws {
        guard !force else { return }
        let leader = listing.members.first { $0.role == .leader }?.name ?? "none"
        let target = candidate.map { "to \($0)" } ?? "to the best replica"
        try Terminal.confirm(
            "Are you sure you want to switch cluster \(cluster) over from \(leader) \(target)?", about: listing,
            or: "switchover")
    }

    private func write(_ id: String, _ client: KubernetesClient, _ namespace: String) async throws {
        let block: JSONValue = [
            "id": .string(id), "candidate": candidate.map { .string($0) } ?? .null, "mode": "planned",
            "notBefore": .null, "timeout": .int(Int64(timeout)),
        ]
        _ = try await client.mergePatchRaw(
            PostgresCluster.resource, name: cluster, namespace: namespace, body: ["spec": ["switchover": block]])
    }

    /// What is printed at the end.
    ///
    /// - Throws: ``CommandError`` for a switchover that failed.
    static func outcome(_ status: SwitchoverStatus, elapsed: Duration) throws -> String {
        guard status.phase == .succeeded else {
            throw CommandError("switchover failed: \(status.message ?? status.reason) (\(status.reason))")
        }
        var text = "Successfully switched over"
        if let from = status.from { text += " from \(from)" }
        if let to = status.to { text += " to \(to)" }
        text += " in \(Stopwatch.text(elapsed))"
        if let outage = status.outageMillis { text += ", outage \(outage) ms" }
        return text
    }
}
