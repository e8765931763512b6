import ArgumentParser
import KubernetesClient
import Units

/// `matriarch dsn`: where a server is, in libpq's words.
struct DsnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dsn", abstract: "Show where the leader, a replica or a member is, as a connection string.",
        discussion: """
            For a role it is the address of the Service, which goes on leading there when another member has the role; with \
            --member, and with --role any, it is the member's own.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let reader = ClusterReader(client: try connection.client())
        let namespace = reader.client.configuration.namespace
        let records = try await reader.records(cluster, namespace: namespace, asksMembers: false)
        let listing = ClusterListing(namespace: namespace, name: cluster, records: records)
        let member = try server.choice(in: listing)
        var place = member.address
        if let service = server.service {
            if let found = try await reader.place(of: service, cluster, namespace: namespace) {
                place = found
            } else {
                Terminal.note(
                    "no Service leads there, or it may not be read: this is \(member.name) itself, also after a change")
            }
        }
        guard let place else { throw CommandError("Member \(member.name) has no address yet") }
        // Patroni's words: libpq takes an IPv6 address without brackets.
        print("host=\(place.host) port=\(place.port)")
    }
}
