import ClusterRecords
import KubernetesModels
import PlainText
import PostgresConfiguration

/// Renders clusters in the form that was asked for. Pure: a golden test fixes every form.
struct ListRenderer {
    var format: OutputFormat
    /// All columns, also those without a value.
    var isExtended = false
    /// Names the namespace: clusters of several are shown.
    var showsNamespace = false

    /// The text, without a final newline.
    func rendered(_ clusters: [ClusterListing]) -> String {
        switch format {
        case .pretty: clusters.map(table).joined(separator: "\n\n")
        case .tsv: tabSeparated(clusters)
        case .json: JSONValue.array(objects(clusters)).prettyPrinted()
        case .yaml: JSONValue.array(objects(clusters)).yamlBlock
        }
    }

    // MARK: Table

    private func table(_ cluster: ClusterListing) -> String {
        let columns = columns(of: [cluster]).filter { $0 != .cluster && $0 != .namespace }
        let name = showsNamespace ? "\(cluster.namespace)/\(cluster.name)" : cluster.name
        let table = TextTable(
            frame: .boxed(title: " Cluster: \(name) (\(cluster.identity.text)) "), columns: columns.map(\.heading),
            rows: cluster.members.map { member in
                columns.map { cell($0, member, cluster) }
            })
        return ([table.rendered()] + footer(cluster)).joined(separator: "\n")
    }

    private func cell(_ column: ListColumn, _ member: MemberListing, _ cluster: ClusterListing) -> String {
        switch column {
        case .pendingRestartReason:
            // A long value would make the table unreadable.
            member.pendingSettings.map { $0.change.count > 50 ? "\($0.name): [hidden - too long]" : $0.change }
                .joined(separator: "\n")
        case .member: member.nameInTree
        case .tags where !member.tags.isEmpty:
            JSONValue.object(member.tags).yamlBlock
        case _:
            column.value(member, in: cluster, showsPort: Self.showsPort(cluster))?.cell ?? ""
        }
    }

    private func footer(_ cluster: ClusterListing) -> [String] {
        var lines: [String] = []
        if cluster.isPaused { lines.append(" Maintenance mode: on") }
        if let switchover = cluster.scheduledSwitchover {
            lines.append(" Switchover scheduled at: \(switchover.at)")
            if let from = switchover.from { lines.append("                    from: \(from)") }
            if let to = switchover.to { lines.append("                      to: \(to)") }
        }
        return lines
    }

    // MARK: For programs

    private func tabSeparated(_ clusters: [ClusterListing]) -> String {
        let columns = columns(of: clusters)
        let rows = clusters.flatMap { cluster in
            cluster.members.map { member in
                columns.map { column in
                    (column.value(member, in: cluster, showsPort: Self.showsPort(cluster))?.cell ?? "")
                        .replacing("\n", with: ", ")
                }
            }
        }
        return ([columns.map(\.key)] + rows).map { $0.joined(separator: "\t") }.joined(separator: "\n")
    }

    private func objects(_ clusters: [ClusterListing]) -> [JSONValue] {
        let columns = columns(of: clusters)
        return clusters.flatMap { cluster in
            cluster.members.map { member in
                var object: [String: JSONValue] = [:]
                for column in columns {
                    object[column.key] = column.value(member, in: cluster, showsPort: Self.showsPort(cluster))
                }
                return .object(object)
            }
        }
    }

    // MARK: Parts

    private func columns(of clusters: [ClusterListing]) -> [ListColumn] {
        ListColumn.allCases.filter { column in
            if column == .namespace { return showsNamespace }
            // For programs: where it is shown to people, there is a tree.
            if column == .follows && format == .pretty { return false }
            guard column.isOptional, !isExtended || column == .follows else { return true }
            return clusters.contains { cluster in
                cluster.members.contains { column.value($0, in: cluster, showsPort: false) != nil }
            }
        }
    }

    /// Ports matter when they are not the usual one, or when two members share an address.
    private static func showsPort(_ cluster: ClusterListing) -> Bool {
        let hosts = cluster.members.compactMap(\.host)
        return cluster.members.contains { $0.port != nil && $0.port != MemberPod.postgresPort }
            || Set(hosts).count < hosts.count
    }
}
