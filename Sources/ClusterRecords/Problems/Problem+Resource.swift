public import PostgresConfiguration

extension Problem {
    /// The same problem where the user of a resource looks for it: `pg_hba` is `spec.postgresql.pgHBA` there.
    ///
    /// A key the resource has no field for keeps its name: whoever wrote it knows it by that.
    public var inWordsOfResource: Problem {
        var problem = self
        problem.path = Self.resourcePath(of: path)
        return problem
    }

    /// Something the checks of the server's settings found, in the words of the resource.
    public init(_ problem: ConfigurationProblem, refuser: Refuser) {
        // Options of initdb are named whole, settings within the PostgreSQL section.
        let key = problem.field.hasPrefix("bootstrap.") ? problem.field : "postgresql.\(problem.field)"
        self.init(path: Self.resourcePath(of: key), value: problem.value, rule: problem.rule, refuser: refuser)
    }

    /// Where the resource has what the stored configuration, or the agent file, calls `key`.
    ///
    /// - Parameter key: as ``HighAvailability/DynamicConfiguration`` names it, such as `postgresql.pg_hba[2]`.
    /// - Returns: `key` itself when the resource has no field for it.
    public static func resourcePath(of key: String) -> String {
        let known = fields.keys.filter { key == $0 || key.hasPrefix("\($0).") || key.hasPrefix("\($0)[") }
        guard let longest = known.max(by: { $0.count < $1.count }), let field = fields[longest] else { return key }
        return field + key.dropFirst(longest.count)
    }

    /// Keys of the stored configuration and where the resource has them.
    static let fields = [
        "ttl": "spec.highAvailability.ttl",
        "loop_wait": "spec.highAvailability.loopWait",
        "retry_timeout": "spec.highAvailability.retryTimeout",
        "matriarch.fence_margin": "spec.highAvailability.fenceMargin",
        "maximum_lag_on_failover": "spec.highAvailability.maximumLagOnFailover",
        "primary_start_timeout": "spec.highAvailability.primaryStartTimeout",
        "primary_stop_timeout": "spec.highAvailability.primaryStopTimeout",
        "failsafe_mode": "spec.highAvailability.failsafe",
        "synchronous_mode": "spec.highAvailability.synchronous.mode",
        "synchronous_node_count": "spec.highAvailability.synchronous.standbys",
        "synchronous_mode_strict": "spec.highAvailability.synchronous.strict",
        "pause": "spec.paused",
        "matriarch.instances": "spec.instances",
        "standby_cluster": "spec.standby",
        "standby_cluster.primary_slot_name": "spec.standby.primarySlotName",
        "postgresql.parameters": "spec.postgresql.parameters",
        "postgresql.pg_hba": "spec.postgresql.pgHBA",
        "postgresql.pg_ident": "spec.postgresql.pgIdent",
        "bootstrap": "spec.bootstrap",
    ]
}
