import ArgumentParser
import ClusterRecords
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch pause`: no automatic action until `matriarch resume`.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Turn automatic actions off: no failover, no restart of PostgreSQL.")

    @OptionGroup var target: PauseTarget

    func run() async throws { try await target.set(isPaused: true) }
}

/// `matriarch resume`: automatic actions again.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Turn automatic actions on again.")

    @OptionGroup var target: PauseTarget

    func run() async throws { try await target.set(isPaused: false) }
}

/// The cluster whose spec.paused is set.
struct PauseTarget: ParsableArguments {
    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Wait until every member knows.")
    var wait = false

    /// How long `--wait` waits; a loop of the slowest profile, and some.
    private static let limit = Duration.seconds(30)

    func set(isPaused: Bool) async throws {
        let client = try connection.client()
        let reader = ClusterReader(client: client)
        let namespace = client.configuration.namespace
        let resource = try await reader.cluster(cluster, namespace: namespace)
        if case .success(let spec) = resource.spec, (spec.paused == true) == isPaused {
            throw CommandError(isPaused ? "Cluster is already paused" : "Cluster is not paused")
        }
        _ = try await client.mergePatchRaw(
            PostgresCluster.resource, name: cluster, namespace: namespace, body: ["spec": ["paused": .bool(isPaused)]])
        if wait { try await awaitMembers(isPaused, client, namespace) }
        print("Success: cluster management is \(isPaused ? "paused" : "resumed")")
    }

    private func awaitMembers(_ isPaused: Bool, _ client: KubernetesClient, _ namespace: String) async throws {
        let action = isPaused ? "pause" : "resume"
        Terminal.note("'\(action)' request sent, waiting until it is recognized by all nodes")
        let watch = Stopwatch()
        var waiting: [String] = []
        repeat {
            let pods = try await client.list(
                Pod.self, namespace: namespace, labelSelector: Scope(namespace: namespace, cluster: cluster).selector
            ).items
            waiting = Self.unaware(pods, isPaused: isPaused)
            if waiting.isEmpty { return }
            try await Task.sleep(for: .milliseconds(200))
        } while watch.elapsed < Self.limit
        throw CommandError("\(waiting.joined(separator: ", ")) did not recognize the \(action) after \(watch.text)")
    }

    /// Members that publish the other state, or none.
    static func unaware(_ pods: [Pod], isPaused: Bool) -> [String] {
        pods.filter { pod in
            // Unreadable: it has not said so.
            guard let record = MemberRecord(pod: pod) else { return true }
            return record.isPaused != isPaused
        }.compactMap(\.metadata.name).sorted()
    }
}
