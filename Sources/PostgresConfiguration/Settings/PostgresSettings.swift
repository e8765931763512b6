/// The PostgreSQL section of the dynamic configuration, checked: what every member of a cluster runs with.
public struct PostgresSettings: Hashable, Sendable {
    /// The server's `cluster_name`, shown in process titles and logs.
    public let clusterName: String
    /// The user's parameters, names in lower case.
    public internal(set) var parameters: [String: String]
    /// The user's `pg_hba.conf` lines; they stand after our own rules.
    public var hostBasedAuthentication: [HBARule]
    /// The user's `pg_ident.conf` lines.
    public var userNameMaps: [IdentMapping]
    /// Up to how many instances the sizes nobody sets fit; see ``ReplicationSize``.
    public var capacity: Int
    /// `synchronous_standby_names`, decided by the agent; empty while replication is asynchronous.
    public var synchronousStandbyNames = ""
    /// Nobody gets in but the superuser and the agents' own accounts, until commits that may be shown are confirmed.
    public var holdsOutUsers = false
    /// The postmaster ends when one of its processes crashes, whatever the user's `restart_after_crash` says: recovering by
    /// itself it would let everybody see commits that no standby has confirmed.
    public var endsAfterCrash = false

    /// Checks and takes over the user's configuration.
    ///
    /// - Parameters:
    ///   - parameters: `postgresql.parameters` of the dynamic configuration.
    ///   - hba: `postgresql.pg_hba`; nil and empty mean ``HBARule/defaultLines``.
    ///   - ident: `postgresql.pg_ident`.
    ///   - version: of the server; nil: not known, and what only some versions have is admitted.
    ///   - instances: how many members there are to be; nil when nobody says, as with a store of Patroni's.
    /// - Throws: ``InvalidSettings`` with every problem found.
    public init(
        clusterName: String, parameters: [String: String] = [:], hba: [String]? = nil, ident: [String] = [],
        version: ServerVersion? = nil, instances: Int? = nil
    ) throws(InvalidSettings) {
        var problems = Self.problems(inParameters: parameters, version: version, instances: instances)
        var rules: [HBARule] = []
        let lines = hba.flatMap { $0.isEmpty ? nil : $0 } ?? HBARule.defaultLines
        for (index, line) in lines.enumerated() {
            switch HBARule.parse(line, version: version) {
            case .success(let rule): rules.append(rule)
            case .failure(let failure):
                problems.append(ConfigurationProblem(field: "pg_hba[\(index)]", value: line, rule: failure.reason))
            }
        }
        var mappings: [IdentMapping] = []
        for (index, line) in ident.enumerated() {
            switch IdentMapping.parse(line) {
            case .success(let mapping): mappings.append(mapping)
            case .failure(let failure):
                problems.append(ConfigurationProblem(field: "pg_ident[\(index)]", value: line, rule: failure.reason))
            }
        }
        guard problems.isEmpty else { throw InvalidSettings(problems: problems) }
        self.clusterName = clusterName
        capacity = ReplicationSize.capacity(for: instances ?? 1)
        self.parameters = Dictionary(
            parameters.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
        hostBasedAuthentication = rules
        userNameMaps = mappings
    }

    /// Everything wrong with a PostgreSQL section, sorted by field; empty when it would be accepted.
    public static func problems(
        parameters: [String: String], hba: [String]? = nil, ident: [String] = [], version: ServerVersion? = nil,
        instances: Int? = nil
    ) -> [ConfigurationProblem] {
        do {
            _ = try PostgresSettings(
                clusterName: "", parameters: parameters, hba: hba, ident: ident, version: version, instances: instances)
            return []
        } catch {
            return error.problems
        }
    }
}
