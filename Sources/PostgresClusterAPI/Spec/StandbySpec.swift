import KubernetesModels
import Units

/// The cluster this one follows instead of taking writes.
public struct StandbySpec: Sendable, Hashable, Codable {
    public var enabled: Bool
    public var host: String
    public var port: Int
    public var primarySlotName: String?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case enabled, host, port, primarySlotName
    }

    /// The host as PostgreSQL takes it: an IPv6 address without its brackets.
    public var address: String { ServerPlace.withoutBrackets(host) }
}

extension StandbySpec: SchemaObject {
    /// Without brackets nobody could tell a port that was written behind it from the address.
    static let hostMeaning =
        "the name or address of one server; an IPv6 address stands in brackets, as in [fd00::1], and the port has a field of its "
        + "own"

    public static let summary = """
        A remote PostgreSQL server this cluster follows: nobody is promoted, one member, the standby leader, streams from it, and \
        the others from that one. A new cluster begins as a copy of it. Taking the section out, or enabled: false, promotes the \
        standby leader; adding it to a running cluster demotes the primary, and gives up what the remote server never received.
        """

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .enabled:
            Field(.boolean, "false promotes: the same as no section.", default: true)
        case .host:
            Field(
                .text(
                    pattern: #"^([!-+.0-9;-Z^-~-]+|\[[0-9A-Fa-f:.]+\])$"#, maxLength: 253, meaning: hostMeaning),
                "Name or address of the remote server, an IPv6 address in brackets (`[fd00::1]`); a name that leads to its "
                    + "primary lets this cluster follow a failover there.",
                required: true)
        case .port:
            Field(.integer(minimum: 1, maximum: 65535), "Port of the remote server.", default: 5432)
        case .primarySlotName:
            Field(
                .text(
                    pattern: "^[a-z0-9_]+$", maxLength: 63,
                    meaning: "1 to 63 of the characters a to z, 0 to 9 and _"),
                "Replication slot at the remote server, made there if it is missing. It must not begin with the remote "
                    + "cluster's name and an underscore: those are its own members'. Absent: none, and a cluster that was "
                    + "away for too long cannot catch up.")
        }
    }
}
