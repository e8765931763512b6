import Units

/// The three configuration files of a server, byte for byte the same for the same input.
public struct ServerFiles: Hashable, Sendable {
    public let configuration: String
    public let hostBasedAuthentication: String
    public let userNameMaps: String

    /// Where this server listens and how it signs in to others.
    public struct Placement: Hashable, Sendable {
        public let listenAddresses: String
        public let port: Int
        public let socketDirectory: String
        /// A pgpass file that knows the replication user.
        public let passwordFile: String
        /// The member's name: `application_name` of its walreceiver.
        public let memberName: String

        public init(
            listenAddresses: String, port: Int, socketDirectory: String, passwordFile: String, memberName: String
        ) {
            self.listenAddresses = listenAddresses
            self.port = port
            self.socketDirectory = socketDirectory
            self.passwordFile = passwordFile
            self.memberName = memberName
        }
    }

    static let header = "# Written by the Matriarch agent. Do not edit: changes are overwritten.\n"
    /// initdb's own file, kept beside ours and read first.
    public static let baseConfigurationName = "postgresql.base.conf"

    /// - Parameters:
    ///   - recorded: the control file, for standbys (see ``PostgresSettings/managedValues(recorded:floors:)``).
    ///   - version: of the server; what it does not know is left out.
    ///   - floors: what the sizes are not to go below.
    ///   - hasBaseConfiguration: whether `postgresql.base.conf` exists and is to be read first.
    ///   - baseConfiguration: where it is, as seen from the file.
    public init(
        settings: PostgresSettings, role: ServerRole, placement: Placement, access: InternalAccess,
        version: ServerVersion, recorded: ControlData? = nil, floors: SizeFloors = SizeFloors(),
        hasBaseConfiguration: Bool = false, baseConfiguration: String = Self.baseConfigurationName
    ) {
        var recovery: [(String, String)] = [("recovery_target_timeline", "latest")]
        var limits: ControlData?
        switch role {
        case .primary:
            break
        case .standby(let upstream):
            limits = recorded
            if let upstream {
                let connection = ConnectionString(
                    upstream: upstream, user: access.replication, database: nil,
                    passwordFile: placement.passwordFile, applicationName: placement.memberName, version: version)
                recovery.append(("primary_conninfo", connection.description))
                if let slot = upstream.slot { recovery.append(("primary_slot_name", slot.description)) }
            }
        }

        var text = Self.header
        text += "# Change postgresql.parameters of the cluster instead.\n"
        if hasBaseConfiguration { text += "include \(ParameterValue.quoted(baseConfiguration))\n" }
        text += "\n"
        let parameters = settings.fileParameters(recorded: limits, floors: floors, version: version).merging(
            [
                "listen_addresses": placement.listenAddresses, "port": String(placement.port),
                "unix_socket_directories": placement.socketDirectory, "cluster_name": settings.clusterName,
            ]
        ) { _, ours in ours }
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            text += "\(name) = \(ParameterValue.quoted(value))\n"
        }
        text += "\n# Recovery; a primary ignores these.\n"
        for (name, value) in recovery { text += "\(name) = \(ParameterValue.quoted(value))\n" }
        configuration = text

        hostBasedAuthentication =
            Self.agentsAuthentication(access)
            + (settings.holdsOutUsers ? Self.holdOut(access) : "")
            + "# postgresql.pg_hba of the cluster.\n"
            + settings.hostBasedAuthentication.map { $0.text + "\n" }.joined()
        userNameMaps =
            Self.agentsUserNameMaps(access)
            + settings.userNameMaps.map { $0.text + "\n" }.joined()
    }

    /// What `pg_hba.conf` begins with: no line of the user's comes before it.
    public static func agentsAuthentication(_ access: InternalAccess) -> String {
        header + "# The agents' own access; it cannot be taken away.\n" + access.rules.map { $0 + "\n" }.joined()
    }

    /// What `pg_ident.conf` begins with.
    public static func agentsUserNameMaps(_ access: InternalAccess) -> String {
        header + access.mappings.map { $0 + "\n" }.joined()
    }

    /// The line by which a file that holds users out is known.
    public static let holdOutMark =
        "# Until the synchronous standbys have everything: nobody else sees commits that none of them may have."

    /// Rules before the user's own, of which the first that matches decides.
    ///
    /// Not `default_transaction_read_only`: a read is what must not happen, because it shows commits nobody confirmed.
    private static func holdOut(_ access: InternalAccess) -> String {
        """
        \(holdOutMark)
        host all \(AuthenticationLine.quoted(access.superuser)) all scram-sha-256
        local all all reject
        host all all all reject

        """
    }

    /// Whether a configuration file was written by
    /// ``init(settings:role:placement:access:recorded:floors:hasBaseConfiguration:)``.
    public static func isOurs(_ configuration: String) -> Bool { configuration.hasPrefix(header) }

    /// Name and quoted value of every parameter in a configuration file of ours; empty for anybody else's.
    public static func parameters(ofConfiguration text: String) -> [String: String] {
        guard isOurs(text) else { return [:] }
        var result: [String: String] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let name = line[..<equals].prefix { $0 != " " }
            result[String(name)] = String(line[line.index(after: equals)...].drop { $0 == " " })
        }
        return result
    }

    /// Parameters in `postgresql.auto.conf` that `ALTER SYSTEM` must not decide, sorted.
    public static func ownedParameters(automaticConfiguration text: String) -> [String] {
        let names = text.split(separator: "\n").map { name(ofLine: $0) }
        return Set(names).intersection(PostgresSettings.strippedFromAutomaticConfiguration).sorted()
    }

    private static func name(ofLine line: Substring) -> String {
        line.drop(while: { $0 == " " || $0 == "\t" })
            .prefix(while: { $0 != " " && $0 != "=" && $0 != "\t" }).lowercased()
    }

    /// `postgresql.auto.conf` without the parameters `ALTER SYSTEM` must not decide; nil when nothing has to go.
    public static func withoutOwnedParameters(automaticConfiguration text: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let kept = lines.filter { !PostgresSettings.strippedFromAutomaticConfiguration.contains(name(ofLine: $0)) }
        return kept.count == lines.count ? nil : kept.joined(separator: "\n")
    }
}
