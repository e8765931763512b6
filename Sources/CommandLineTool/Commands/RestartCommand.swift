import ArgumentParser
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch restart`: restarts PostgreSQL in place by way of spec.restart.
struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Restart PostgreSQL of some or all members, replicas first.",
        discussion: "Writes spec.restart and follows status.restart. Exit status 1 when it failed.")

    @Argument(help: "The cluster.")
    var cluster: String

    @Argument(help: ArgumentHelp("The members; otherwise all.", valueName: "member"))
    var members: [String] = []

    @OptionGroup var connection: ConnectionOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Only members with this role.", valueName: "primary|replica"))
    var role: String?

    @Flag(help: "Only members with parameters that wait for a restart.")
    var pending = false

    @Option(help: ArgumentHelp("When: RFC 3339, or `now`.", valueName: "time"))
    var scheduled = "now"

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
        guard scheduled == "now" || Timestamp(scheduled) != nil else {
            throw ValidationError(
                "--scheduled must be RFC 3339 with a time zone, such as 2026-11-21T04:00:00Z, or now.")
        }
    }

    func run() async throws {
        let client = try connection.client()
        let reader = ClusterReader(client: client)
        let namespace = client.configuration.namespace
        _ = try await reader.cluster(cluster, namespace: namespace)
        let listing = try await reader.listing(cluster, namespace: namespace)
        let unknown = members.filter { name in !listing.members.contains { $0.name == name } }
        guard unknown.isEmpty else {
            throw CommandError("\(unknown.joined(separator: ", ")) is not a member of cluster \(cluster)")
        }
        try confirm(listing)
        let id = "cli-\(Timestamp.now().microsecondDescription)"
        let watch = Stopwatch()
        _ = try await client.mergePatchRaw(
            PostgresCluster.resource, name: cluster, namespace: namespace, body: ["spec": ["restart": block(id)]])
        Terminal.note("\(watch.text): requested, id \(id)")
        guard scheduled == "now" else { return print("Success: restart scheduled on cluster \(cluster)") }
        guard wait else { return }
        print(try Self.outcome(try await follow(id, reader, namespace, watch), elapsed: watch.elapsed))
    }

    private func confirm(_ listing: ClusterListing) throws {
        guard !force else { return }
        guard Terminal.isInteractive else {
            throw CommandError("not a terminal: use --force to go ahead without being asked")
        }
        print(ListRenderer(format: .pretty).rendered([listing]))
        let named = members.isEmpty ? listing.members.map(\.name) : members
        guard Terminal.confirms("Are you sure you want to restart members \(named.joined(separator: ", "))?") else {
            throw CommandError("Aborted restart")
        }
    }

    /// Every field, so that nothing of an earlier request stays.
    func block(_ id: String) -> JSONValue {
        [
            "id": .string(id), "instances": members.isEmpty ? .null : .array(members.map { .string($0) }),
            "role": role.map { .string($0) } ?? .null, "onlyPending": .bool(pending),
            "notBefore": scheduled == "now" ? .null : .string(scheduled), "timeout": .int(Int64(timeout)),
        ]
    }

    /// Polls until the request's status is final. Says each new step once.
    ///
    /// - Throws: ``CommandError`` when no step was taken within the timeout of one and 15 s more for the operator.
    private func follow(
        _ id: String, _ reader: ClusterReader, _ namespace: String, _ watch: Stopwatch
    ) async throws -> RestartStatus {
        var said: String?
        var lastStep = watch.elapsed
        var problem: String?
        while watch.elapsed - lastStep < .seconds(timeout + 15) {
            do {
                let status = try await reader.cluster(cluster, namespace: namespace).status?.restart
                if let status, status.id == id {
                    let step = "\(status.phase.rawValue)\(status.message.map { ", \($0)" } ?? "")"
                    if step != said {
                        (said, lastStep) = (step, watch.elapsed)
                        Terminal.note("\(watch.text): \(step)")
                    }
                    if status.phase.isFinal { return status }
                }
                problem = nil
            } catch let error as KubernetesError where error.isRetryable {
                // The request is in the resource; an API server that is away for a moment changes nothing.
                problem = error.description
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        let reason =
            problem ?? (said == nil ? "the operator has not seen the request; is it running?" : "it is still under way")
        throw CommandError("restart has not ended after \(watch.text): \(reason)")
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
