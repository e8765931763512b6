import ArgumentParser
import ClusterRecords
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch show-config`: the configuration `edit-config` changes, or what the members go by.
struct ShowConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show-config", abstract: "Show the configuration of a cluster, in Patroni's keys.",
        discussion: """
            With --effective or --member a table of what the members read in the store, each value with its source and what the \
            members say of it. What ALTER SYSTEM, a role, a database or a session sets beside that they do not tell.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "What the members go by, with its source.")
    var effective = false

    @Option(
        name: .shortAndLong, help: "What this member goes by: with its tags, and what waits for its restart.",
        completion: NameCompletion.members)
    var member: String?

    @Option(
        name: [.customShort("o"), .customLong("output"), .customShort("f"), .customLong("format")],
        help: "yaml (default) or json; of the table pretty (default), tsv, json or yaml.")
    var format: OutputFormat?

    func validate() throws {
        if !effective, member == nil, let format, format != .yaml, format != .json {
            throw ValidationError(
                "--output \(format.rawValue) goes with --effective or --member: only those print a table.")
        }
    }

    func run() async throws {
        let reader = ClusterReader(client: try connection.client())
        let namespace = reader.client.configuration.namespace
        let records = try await reader.records(cluster, namespace: namespace, asksMembers: false)
        guard effective || member != nil else {
            let document = try await document(reader, records)
            return print(format == .json ? document.prettyPrinted() : document.yamlBlock)
        }
        var members: [String: MemberRecord] = [:]
        for pod in records.pods { members[pod.metadata.name ?? ""] = MemberRecord(pod: pod) }
        if let member {
            guard let record = members[member] else {
                throw CommandError("Member \(member) does not exist in cluster \(cluster), or has published nothing")
            }
            members = [member: record]
        }
        let configuration = EffectiveConfiguration(
            stored: records.configuration[StoreKey.configuration], spec: records.spec, members: members)
        print(configuration.table.rendered(format ?? .pretty))
        for remark in configuration.remarks { Terminal.note(remark) }
    }

    /// Of the resource; of a cluster without one, what its agents read.
    private func document(_ reader: ClusterReader, _ records: StoreRecords) async throws -> JSONValue {
        if let spec = records.spec { return ConfigurationDocument(spec: spec).json }
        if records.hasResource {
            _ = try await ConfigurationEdit(
                client: reader.client, cluster: cluster, namespace: reader.client.configuration.namespace
            ).current()
        }
        guard let stored = records.configuration[StoreKey.configuration] else {
            throw CommandError("cluster \(cluster) has no configuration yet")
        }
        do {
            return try JSONValue(parsing: stored)
        } catch {
            throw CommandError("the stored configuration of cluster \(cluster) is not JSON: \(error)")
        }
    }
}
