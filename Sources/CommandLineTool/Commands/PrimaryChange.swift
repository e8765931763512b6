import ArgumentParser
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// What `switchover` and `failover` have in common: both write spec.switchover and follow status.switchover.
struct PrimaryChange: ParsableArguments {
    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("Withdraw the request when it was not carried out by then.", valueName: "seconds"))
    var timeout = 60

    @Flag(inversion: .prefixedNo, help: "Wait until it has ended; a scheduled one is never waited for.")
    var wait = true

    @Flag(help: "Do not ask for confirmation.")
    var force = false

    func validate() throws {
        guard (5...3600).contains(timeout) else {
            throw ValidationError("--timeout must be between 5 and 3600 seconds.")
        }
    }

    /// - Parameters:
    ///   - leader: who has to lead when it begins; nil: whoever does.
    ///   - notBefore: RFC 3339; nil for at once.
    ///   - question: is asked about the cluster as it is now.
    func carryOut(
        _ kind: Kind, from leader: String? = nil, to candidate: String?, notBefore: String? = nil,
        question: (ClusterListing) -> String
    ) async throws {
        let client = try connection.client()
        let reader = ClusterReader(client: client)
        let namespace = client.configuration.namespace
        _ = try await reader.cluster(cluster, namespace: namespace)
        let listing = try await reader.listing(cluster, namespace: namespace)
        try check(leader, candidate, listing)
        if !force { try Terminal.confirm(question(listing), about: listing, or: kind.rawValue) }
        let id = "cli-\(Timestamp.now().microsecondDescription)"
        let watch = Stopwatch()
        let body: JSONValue = [
            "spec": ["switchover": block(kind, id: id, leader, candidate, notBefore: notBefore)]
        ]
        if leader != nil {
            // A definition of before the field existed drops it, and whoever leads would hand over.
            let answer = try await client.mergePatchRaw(
                PostgresCluster.resource, name: cluster, namespace: namespace, body: body,
                options: WriteOptions(isDryRun: true))
            guard answer.value(at: "spec", "switchover", "leader") != nil else {
                throw CommandError(
                    "The cluster's definition of PostgresCluster knows no spec.switchover.leader: install that of this version"
                )
            }
        }
        _ = try await client.mergePatchRaw(
            PostgresCluster.resource, name: cluster, namespace: namespace, body: body)
        Terminal.note("\(watch.text): requested, id \(id)")
        if let notBefore { return print("Success: \(kind.rawValue) of cluster \(cluster) scheduled for \(notBefore)") }
        guard wait else { return }
        let request = FollowedRequest(
            id: id, what: kind.rawValue, cluster: cluster, namespace: namespace, timeout: timeout, watch: watch)
        print(try kind.outcome(try await request.end(reader) { $0.status?.switchover }, elapsed: watch.elapsed))
    }

    /// The refusals that need no operator.
    private func check(_ leader: String?, _ candidate: String?, _ listing: ClusterListing) throws {
        if let leader, !listing.members.contains(where: { $0.name == leader && $0.role.leads }) {
            throw CommandError("Member \(leader) is not the leader of cluster \(cluster)")
        }
        guard let candidate else { return }
        guard let member = listing.members.first(where: { $0.name == candidate }) else {
            throw CommandError("Member \(candidate) does not exist in cluster \(cluster)")
        }
        if member.role.leads {
            throw CommandError("Member \(candidate) is already the leader of cluster \(cluster)")
        }
    }

    /// Every field, so that nothing of an earlier request stays.
    func block(
        _ kind: Kind, id: String, _ leader: String?, _ candidate: String?, notBefore: String? = nil
    ) -> JSONValue {
        [
            "id": .string(id), "leader": leader.map { .string($0) } ?? .null,
            "candidate": candidate.map { .string($0) } ?? .null,
            "mode": .string(kind.mode.rawValue), "notBefore": notBefore.map { .string($0) } ?? .null,
            "timeout": .int(Int64(timeout)),
        ]
    }

    /// Which of the two commands; the raw value is its name.
    enum Kind: String {
        case switchover
        case failover

        var mode: SwitchoverRequest.Mode { self == .switchover ? .planned : .forced }

        /// What is printed at the end.
        ///
        /// - Throws: ``CommandError`` for a change that failed.
        func outcome(_ status: SwitchoverStatus, elapsed: Duration) throws -> String {
            guard status.phase == .succeeded else {
                throw CommandError("\(rawValue) failed: \(status.message ?? status.reason) (\(status.reason))")
            }
            var text = self == .switchover ? "Successfully switched over" : "Successfully failed over"
            if let from = status.from { text += " from \(from)" }
            if let to = status.to { text += " to \(to)" }
            text += " in \(Stopwatch.text(elapsed))"
            if let outage = status.outageMillis { text += ", outage \(outage) ms" }
            // What it cost stands in the message, and nowhere else on the screen when nobody follows.
            if status.reason != "Completed", let message = status.message { text += "\n\(message)" }
            return text
        }
    }
}
