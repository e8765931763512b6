import ArgumentParser
import ClusterRecords
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch remove`: deletes a cluster, and keeps its volumes.
struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Delete a cluster; its volumes are kept.",
        discussion: """
            Asks for the cluster's name, for the words \(RemoveCommand.awareness) and for the name of the leader, if there is one. \
            There is no way around the questions; they are answered on standard input. The operator stops the members first, and \
            the Secrets go with the cluster.
            """)

    static let awareness = "Yes I am aware"

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("How long it may take; 0: do not wait.", valueName: "seconds"))
    var timeout = 300

    func validate() throws {
        guard (0...3600).contains(timeout) else {
            throw ValidationError("--timeout must be between 0 and 3600 seconds.")
        }
    }

    func run() async throws {
        let client = try connection.client()
        let reader = ClusterReader(client: client)
        let namespace = client.configuration.namespace
        let resource = try await reader.cluster(cluster, namespace: namespace)
        let listing = try await reader.listing(cluster, namespace: namespace)
        print(ListRenderer(format: .pretty).rendered([listing]))
        try Self.ask(about: listing) { Terminal.answer($0) }
        let watch = Stopwatch()
        try await client.delete(
            PostgresCluster.self, name: cluster, namespace: namespace, uid: resource.metadata.uid,
            propagation: .background)
        Terminal.note("\(watch.text): deletion requested, the operator stops the members")
        if timeout > 0 { try await awaitEnd(resource, client, watch) }
        print("Success: cluster \(cluster) \(timeout > 0 ? "removed" : "is being removed"); its volumes are kept")
    }

    /// Patroni's three questions.
    ///
    /// - Throws: ``CommandError`` at the first answer that is not the right one.
    static func ask(about listing: ClusterListing, _ answer: (String) -> String) throws {
        guard answer("Please confirm the cluster name to remove") == listing.name else {
            throw CommandError("Cluster names specified do not match")
        }
        let question = "You are about to remove cluster \(listing.name) and its Secrets, please type: \"\(awareness)\""
        guard answer(question) == awareness else {
            throw CommandError("You did not exactly type \"\(awareness)\"")
        }
        guard let leader = listing.members.first(where: { $0.role.leads }) else { return }
        // Patroni's words where they are so.
        let state =
            leader.state == Silence.state || leader.lockUnrenewedSince != nil
            ? "The leader of this cluster does not answer." : "This cluster currently is healthy."
        guard answer("\(state) Please specify the leader name to continue") == leader.name else {
            throw CommandError("You did not specify the current leader of the cluster")
        }
    }

    private func awaitEnd(_ resource: PostgresCluster, _ client: KubernetesClient, _ watch: Stopwatch) async throws {
        while watch.elapsed < .seconds(timeout) {
            let problem: KubernetesError
            do {
                let now = try await client.get(
                    PostgresCluster.self, name: cluster, namespace: client.configuration.namespace)
                if now.metadata.uid != resource.metadata.uid { return }
                try await Task.sleep(for: .milliseconds(200))
                continue
            } catch let error as KubernetesError {
                problem = error
            }
            if problem.isNotFound { return }
            guard problem.isRetryable else { throw problem }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw CommandError(
            "cluster \(cluster) is not gone after \(watch.text): does the operator run? Its finalizer is the operator's"
        )
    }
}
