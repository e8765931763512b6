import ArgumentParser
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch restart`: restarts PostgreSQL in place by way of spec.restart.
struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Restart PostgreSQL of some or all members, replicas first.",
        discussion: "Writes spec.restart and follows status.restart. Exit status 1 when it failed.")

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @Argument(
        help: ArgumentHelp("The members; otherwise all.", valueName: "member"), completion: NameCompletion.members)
    var members: [String] = []

    @OptionGroup var connection: ConnectionOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Only members with this role.", valueName: "primary|replica"))
    var role: String?

    @Flag(help: "Only members with parameters that wait for a restart.")
    var pending = false

    @OptionGroup var schedule: ScheduleOption

    @Option(help: ArgumentHelp("How long each member has to come back.", valueName: "seconds"))
    var timeout = 300

    @Flag(inversion: .prefixedNo, help: "Wait until it has ended; a scheduled one is never waited for.")
    var wait = true

    @Flag(help: "Do not ask for confirmation.")
    var force = false

    func validate() throws {
        guard (10...3600).contains(timeout) else {
            throw ValidationError("--timeout must be between 10 and 3600 seconds.")
        }
        guard role.map({ RestartRequest.Role(rawValue: $0) != nil }) ?? true else {
            throw ValidationError("--role must be primary or replica.")
        }
    }

    func run() async throws {
        let client = try connection.client()
        let reader = ClusterReader(client: client)
        let namespace = client.configuration.namespace
        _ = try await reader.cluster(cluster, namespace: namespace)
        let listing = try await reader.listing(cluster, namespace: namespace)
        try listing.requireMembers(members)
        try confirm(listing)
        let id = "cli-\(Timestamp.now().microsecondDescription)"
        let watch = Stopwatch()
        _ = try await client.mergePatchRaw(
            PostgresCluster.resource, name: cluster, namespace: namespace, body: ["spec": ["restart": block(id)]])
        Terminal.note("\(watch.text): requested, id \(id)")
        guard schedule.notBefore == nil else { return print("Success: restart scheduled on cluster \(cluster)") }
        guard wait else { return }
        let request = FollowedRequest(
            id: id, what: "restart", cluster: cluster, namespace: namespace, timeout: timeout, watch: watch)
        print(try Self.outcome(try await request.end(reader) { $0.status?.restart }, elapsed: watch.elapsed))
    }

    private func confirm(_ listing: ClusterListing) throws {
        guard !force else { return }
        let named = members.isEmpty ? listing.members.map(\.name) : members
        try Terminal.confirm(
            "Are you sure you want to restart members \(named.joined(separator: ", "))?", about: listing, or: "restart")
    }

    /// Every field, so that nothing of an earlier request stays.
    func block(_ id: String) -> JSONValue {
        [
            "id": .string(id), "instances": members.isEmpty ? .null : .array(members.map { .string($0) }),
            "role": role.map { .string($0) } ?? .null, "onlyPending": .bool(pending),
            "notBefore": schedule.notBefore.map { .string($0) } ?? .null, "timeout": .int(Int64(timeout)),
        ]
    }

    /// What is printed at the end: a line for each member, in Patroni's words.
    ///
    /// - Throws: ``CommandError`` for a restart that failed.
    static func outcome(_ status: RestartStatus, elapsed: Duration) throws -> String {
        let lines = (status.members ?? []).map { member in
            switch member.phase {
            case .restarted: "Success: restart on member \(member.name)"
            case .skipped: "Skipped: member \(member.name), \(member.message ?? "conditions are not satisfied")"
            case .failed: "Failed: restart for member \(member.name)"
            case .waiting, .restarting: "Not restarted: member \(member.name)"
            }
        }
        guard status.phase == .succeeded else {
            throw CommandError(
                (["restart failed: \(status.message ?? status.reason) (\(status.reason))"] + lines).joined(
                    separator: "; "))
        }
        return (lines + ["Done in \(Stopwatch.text(elapsed))"]).joined(separator: "\n")
    }
}
