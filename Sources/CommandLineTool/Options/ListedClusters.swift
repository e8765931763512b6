import ArgumentParser
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// Which clusters are listed: what `list` and `topology` have in common.
struct ListedClusters: ParsableArguments {
    @Argument(help: "Names of clusters; all of the namespace when none is given.", completion: NameCompletion.clusters)
    var clusters: [String] = []

    @OptionGroup var connection: ConnectionOptions

    @Flag(name: [.customShort("A"), .long], help: "All namespaces.")
    var allNamespaces = false

    func validate() throws {
        if allNamespaces && (!clusters.isEmpty || connection.namespace != nil) {
            throw ValidationError("--all-namespaces goes with neither a cluster's name nor --namespace.")
        }
    }

    /// Each cluster as it is now.
    ///
    /// - Throws: ``CommandError`` when there is none.
    func read(_ reader: ClusterReader) async throws -> [ClusterListing] {
        let namespace = reader.client.configuration.namespace
        var wanted = clusters.map { (namespace, $0) }
        if wanted.isEmpty {
            wanted = try await reader.clusters(namespace: allNamespaces ? nil : namespace).map {
                ($0.metadata.namespace ?? namespace, $0.metadata.name ?? "")
            }
            if wanted.isEmpty {
                throw CommandError(
                    allNamespaces
                        ? "no PostgresCluster in any namespace" : "no PostgresCluster in namespace \(namespace)")
            }
        }
        var listings: [ClusterListing] = []
        for (namespace, name) in wanted { listings.append(try await reader.listing(name, namespace: namespace)) }
        return listings
    }
}
