import ArgumentParser
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch version`: this program's, and each member's agent and PostgreSQL.
struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the versions of this program and of each member.")

    @Argument(help: "Names of clusters; all of the namespace when none is given.", completion: NameCompletion.clusters)
    var clusters: [String] = []

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Only the version of this program; no API server is asked.")
    var client = false

    func run() async throws {
        print("matriarch \(ClientCommands.version)")
        guard !client else { return }
        let reader = ClusterReader(client: try connection.client())
        let namespace = reader.client.configuration.namespace
        var names = clusters
        if names.isEmpty {
            names = try await reader.clusters(namespace: namespace).compactMap(\.metadata.name)
        }
        for name in names {
            let listing = try await reader.listing(name, namespace: namespace)
            for member in listing.members { print(Self.line(member)) }
        }
    }

    /// `demo-0: Matriarch 0.1.0 PostgreSQL 15.18`.
    static func line(_ member: MemberListing) -> String {
        guard let agent = member.agentVersion else {
            return "\(member.name): version unknown, it has not published any"
        }
        guard let server = member.serverVersion else { return "\(member.name): Matriarch \(agent)" }
        return "\(member.name): Matriarch \(agent) PostgreSQL \(server / 10_000).\(server % 10_000)"
    }
}
