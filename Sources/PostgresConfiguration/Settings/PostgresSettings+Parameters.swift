extension PostgresSettings {
    /// Our defaults for parameters users may set, as far as this version has them; the managed ones have theirs in
    /// ``ManagedParameter``.
    public static func defaults(in version: ServerVersion) -> [String: String] {
        defaults.filter { ParameterLifetime.exists($0.key, in: version) }
    }

    private static let defaults: [String: String] = [
        "password_encryption": "scram-sha-256",
        "wal_retrieve_retry_interval": "500ms",
        "wal_receiver_status_interval": "1s",
        "wal_receiver_timeout": "10s",
        "wal_sender_timeout": "10s",
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "10s",
        // One syncfs instead of an fsync per file: crash recovery of a small database takes 0.2 s instead of 1.3 s
        // (PostgreSQL 14 and later; Linux 5.8 and later reports its errors).
        "recovery_init_sync_method": "syncfs",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        // What a superuser changes in one member's file is lost with the next copy, and differs from the others until then.
        "allow_alter_system": "off",
    ]

    /// Parameters the agent sets itself, and why a user cannot.
    static let owned: [String: String] = {
        let listening = "the agent decides where the server listens"
        let replication = "the agent decides who follows whom"
        let files = "the agent owns the server's files"
        let recovery = "recovery targets belong to a restore, not to a running cluster"
        var owned = [
            "listen_addresses": listening, "port": listening, "unix_socket_directories": listening,
            "unix_socket_group": listening, "unix_socket_permissions": listening,
            "cluster_name": "it is the name of the cluster",
            "primary_conninfo": replication, "primary_slot_name": replication,
            "synchronous_standby_names": replication, "promote_trigger_file": replication,
            "data_directory": files, "config_file": files, "hba_file": files, "ident_file": files,
            "external_pid_file": files, "include": files, "include_if_exists": files, "include_dir": files,
        ]
        for suffix in ["", "_action", "_inclusive", "_lsn", "_name", "_time", "_timeline", "_xid"] {
            owned["recovery_target\(suffix)"] = recovery
        }
        return owned
    }()

    /// Parameters that must never come from `ALTER SYSTEM`: on a standby they would redirect or stop replication.
    public static let strippedFromAutomaticConfiguration: Set<String> =
        Set(owned.keys).union(ManagedParameter.all.map(\.name))

    static func problems(
        inParameters parameters: [String: String], version: ServerVersion?, instances: Int?
    ) -> [ConfigurationProblem] {
        parameters.sorted { $0.key < $1.key }.compactMap { name, value in
            let lowercased = name.lowercased()
            let found =
                rule(name: lowercased, value: value)
                ?? version.flatMap { ParameterLifetime.rule(against: lowercased, in: $0) }
                ?? instances.flatMap { sizeRule(name: lowercased, value: value, instances: $0) }
            return found.map { ConfigurationProblem(field: "parameters.\(name)", value: value, rule: $0) }
        }
    }

    private static func rule(name: String, value: String) -> String? {
        guard isParameterName(name) else {
            return "stands under a name that is no parameter name: letters, digits and _ with at most one dot"
        }
        if let reason = owned[name] { return "cannot be set here: \(reason)" }
        if value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return "contains a control character"
        }
        if name == "password_encryption", value.lowercased() != "scram-sha-256" {
            return "is refused: must be scram-sha-256, md5 passwords cannot authenticate here"
        }
        return ManagedParameter.byName[name]?.rule(against: value)
    }

    /// Why a size is refused in a cluster of so many instances; nil when it is enough.
    private static func sizeRule(name: String, value: String, instances: Int) -> String? {
        guard let size = ReplicationSize.sizes(instances: instances).first(where: { $0.parameter == name }),
            let number = Int(value), number < size.needed
        else { return nil }
        return size.rule(instances: instances)
    }

    private static func isParameterName(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { part in
                guard let first = part.unicodeScalars.first, part.utf8.count <= 63 else { return false }
                return (first == "_" || ("a"..."z").contains(first))
                    && part.unicodeScalars.allSatisfy {
                        $0 == "_" || $0 == "$" || ("a"..."z").contains($0) || ("0"..."9").contains($0)
                    }
            }
    }

    /// The value of every managed parameter.
    ///
    /// - Parameter recorded: the control file of a standby; where it holds more than we are configured for, it wins, because
    ///   the server would otherwise pause replay (patroni.md §5.5). Nil on a primary.
    /// - Parameter floors: what the values are not to go below.
    public func managedValues(
        recorded: ControlData? = nil, floors: SizeFloors = SizeFloors()
    ) -> [(parameter: ManagedParameter, value: String)] {
        let sizes = ReplicationSize.sizes(instances: capacity)
        let automatic = Dictionary(
            sizes.compactMap { size in size.automatic.map { (size.parameter, $0) } },
            uniquingKeysWith: { first, _ in first })
        return ManagedParameter.all.map { parameter in
            let size = parameters[parameter.name] == nil ? automatic[parameter.name] : nil
            let configured = parameters[parameter.name] ?? size.map(String.init) ?? parameter.defaultValue
            guard let number = Int(configured) else { return (parameter, configured) }
            let recorded = parameter.mustNotBeBelowPrimary ? recorded?.primarySettings[parameter.name] : nil
            let raised = max(
                floors.raise(parameter.name, from: number, isAutomatic: size != nil), recorded ?? number)
            return (parameter, raised > number ? String(raised) : configured)
        }
    }

    /// What goes on the postmaster's command line, besides where it listens.
    public func commandLine(
        recorded: ControlData? = nil, floors: SizeFloors = SizeFloors()
    ) -> [(name: String, value: String)] {
        [("cluster_name", clusterName)]
            + managedValues(recorded: recorded, floors: floors).filter(\.parameter.isOnCommandLine).map {
                ($0.parameter.name, $0.value)
            }
    }

    /// Every parameter of the configuration file except where to listen and whom to follow.
    func fileParameters(recorded: ControlData?, floors: SizeFloors, version: ServerVersion) -> [String: String] {
        var result = Self.defaults(in: version).merging(parameters) { _, user in user }
        for (parameter, value) in managedValues(recorded: recorded, floors: floors) { result[parameter.name] = value }
        result["synchronous_standby_names"] = synchronousStandbyNames
        if endsAfterCrash { result["restart_after_crash"] = "off" }
        return result
    }

    /// Managed parameters whose running value differs from the wanted one although the file cannot show it.
    ///
    /// - Parameter running: name and value as the running postmaster got them on its command line.
    public func commandLineChanges(
        from running: [String: String], recorded: ControlData?, floors: SizeFloors = SizeFloors()
    ) -> [(name: String, from: String, to: String)] {
        commandLine(recorded: recorded, floors: floors).compactMap { name, value in
            guard let old = running[name], old != value else { return nil }
            if let left = ParameterValue.boolean(old), left == ParameterValue.boolean(value) { return nil }
            return (name, old, value)
        }
    }
}
