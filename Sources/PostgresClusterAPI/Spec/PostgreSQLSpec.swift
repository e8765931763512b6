import KubernetesModels

/// The server's own settings.
public struct PostgreSQLSpec: Sendable, Hashable, Codable {
    public var parameters: [String: String]
    public var pgHBA: [String]
    public var pgIdent: [String]

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case parameters, pgHBA, pgIdent
    }
}

extension PostgreSQLSpec: SchemaObject {
    public static let summary = "Settings of the PostgreSQL servers."

    public static let rules = [
        Rule(
            .not(.entryDiffers(in: "parameters", key: "wal_level", from: ["replica", "logical"])),
            message: "parameters.wal_level must be replica or logical: with minimal there is no replication",
            at: "parameters.wal_level")
    ]

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .parameters:
            Field(
                .map(of: .text(maxLength: 4096), maximumCount: 256),
                "Parameters of postgresql.conf by name; values are text, so numbers and booleans need quotes "
                    + "(`max_connections: \"200\"`). Parameters the agent owns, such as listen_addresses and "
                    + "primary_conninfo, are refused. A parameter that needs a restart shows up in "
                    + "status.pendingRestart.",
                default: [:])
        case .pgHBA:
            Field(
                .list(of: .text(maxLength: 1024), maximumCount: 256),
                "Lines of pg_hba.conf, in order, after the lines the members need among themselves. Empty means "
                    + "password login (SCRAM) from everywhere.",
                default: [])
        case .pgIdent:
            Field(
                .list(of: .text(maxLength: 1024), maximumCount: 256), "Lines of pg_ident.conf, in order.",
                default: [])
        }
    }
}
