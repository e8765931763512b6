import PostgresClient
public import PostgresConfiguration
public import ServerControl

extension PostgresInstance {
    /// Writes `postgresql.conf`, `pg_hba.conf` and `pg_ident.conf`; the same input leaves the files untouched, and is
    /// `.unchanged` once a ``reload()`` or a start has followed.
    ///
    /// initdb's own file becomes `postgresql.base.conf` and is included. Parameters the agent decides are taken out of
    /// `postgresql.auto.conf`.
    ///
    /// - Returns: what the running server needs; without one only whether files changed.
    @discardableResult
    public func writeConfiguration(
        _ settings: PostgresSettings, role: ServerRole
    ) async throws -> ConfigurationChange {
        try await writeConfiguration(settings, role: role, recorded: recordedLimits(for: role))
    }

    /// As above, with the control file already read; nil for a primary.
    @discardableResult
    func writeConfiguration(
        _ settings: PostgresSettings, role: ServerRole, recorded: ControlData?
    ) throws -> ConfigurationChange {
        try prepareRuntime()
        try keepBaseConfiguration()
        guard let version = data.version else {
            throw InstanceError(.refused, "\(data.path) holds no data to configure a server for")
        }
        let files = ServerFiles(
            settings: settings, role: role, placement: placement, access: access, version: version, recorded: recorded,
            floors: floors, hasBaseConfiguration: FileSystem.exists(data.file(ServerFiles.baseConfigurationName)))
        let previous = FileSystem.readIfPresent(data.file("postgresql.conf")) ?? ""
        // What comes in the way may leave some of them written, which nobody's hand has done.
        writtenTexts = [:]
        var hasChanged = false
        let texts = [
            ("postgresql.conf", files.configuration), ("pg_hba.conf", files.hostBasedAuthentication),
            ("pg_ident.conf", files.userNameMaps),
        ]
        for (name, text) in texts {
            if try data.write(text, to: name) { (hasChanged, owesReload) = (true, true) }
        }
        if let automatic = FileSystem.readIfPresent(data.file("postgresql.auto.conf")),
            let stripped = ServerFiles.withoutOwnedParameters(automaticConfiguration: automatic)
        {
            try data.write(stripped, to: "postgresql.auto.conf")
            (hasChanged, owesReload) = (true, true)
        }
        self.settings = settings
        writtenTexts = Dictionary(texts, uniquingKeysWith: { first, _ in first })
        guard monitor.running != nil else { return hasChanged ? .reload : .unchanged }
        let pending =
            commandLineChanges(settings, recorded: recorded)
            + Self.restartOnlyChanges(from: previous, to: files.configuration, in: version)
        if !pending.isEmpty { return .restart(pending) }
        return owesReload ? .reload : .unchanged
    }

    /// The settings that were kept last; nil when none were.
    public nonisolated var keptSettings: String? { FileSystem.readIfPresent(data.settingsFile) }

    /// Keeps settings over a restart of the agent and its container, readable by the server's user alone.
    ///
    /// - Guarantees: when this returns they are on disk.
    public func keepSettings(_ text: String) throws {
        try requireVolume()
        try FileSystem.write(text, to: data.settingsFile, mode: 0o600, owner: layout.runAs)
    }

    /// The files of ``writeConfiguration(_:role:)`` as they are, by name.
    public var configurationTexts: [String: String] {
        Dictionary(
            ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"].compactMap { name in
                FileSystem.readIfPresent(data.file(name)).map { (name, $0) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Puts files back, before anything has read what took their place.
    public func restore(_ configurationTexts: [String: String]) throws {
        writtenTexts = [:]
        for (name, text) in configurationTexts { try data.write(text, to: name) }
        writtenTexts = configurationTexts
    }

    /// Puts the files of the last write back where they are not as they were written.
    public func undoEdits() throws -> UndoneEdits {
        var undone = UndoneEdits()
        // Where nothing was written the files are another agent's, and the next write is what makes them this one's.
        guard !writtenTexts.isEmpty else { return undone }
        for (name, text) in writtenTexts.sorted(by: { $0.key < $1.key }) {
            if try data.write(text, to: name) { undone.files.append(name) }
        }
        let automatic = FileSystem.readIfPresent(data.file("postgresql.auto.conf")) ?? ""
        if let stripped = ServerFiles.withoutOwnedParameters(automaticConfiguration: automatic) {
            undone.parameters = ServerFiles.ownedParameters(automaticConfiguration: automatic)
            try data.write(stripped, to: "postgresql.auto.conf")
        }
        if !undone.isEmpty { owesReload = true }
        return undone
    }

    /// `pg_hba.conf` as it is keeps ordinary users out; an agent that was started again has to go on with that.
    public nonisolated var holdsOutUsers: Bool {
        FileSystem.readIfPresent(data.file("pg_hba.conf"))?.contains(ServerFiles.holdOutMark) ?? false
    }

    /// Everything that is passed with `-c` and thereby beats every file and `ALTER SYSTEM`.
    func commandLine(_ settings: PostgresSettings, recorded: ControlData?) -> [(name: String, value: String)] {
        [
            ("listen_addresses", layout.listenAddresses), ("port", String(layout.port)),
            ("unix_socket_directories", layout.socketDirectory),
        ] + settings.commandLine(recorded: recorded, floors: floors)
    }

    /// What is there already and decides how small sizes may be.
    var floors: SizeFloors {
        SizeFloors(
            slotsOnDisk: FileSystem.entries(of: data.file("pg_replslot")).count { !$0.hasSuffix(".tmp") },
            running: monitor.running == nil ? [:] : runningCommandLine)
    }

    func recordedLimits(for role: ServerRole) async throws -> ControlData? {
        switch role {
        case .primary: nil
        case .standby: try await controlData()
        }
    }

    var placement: ServerFiles.Placement {
        ServerFiles.Placement(
            listenAddresses: layout.listenAddresses, port: layout.port, socketDirectory: layout.socketDirectory,
            passwordFile: layout.passwordFile, memberName: layout.memberName)
    }

    private func keepBaseConfiguration() throws(InstanceError) {
        let base = data.file(ServerFiles.baseConfigurationName)
        let current = data.file("postgresql.conf")
        guard !FileSystem.exists(base), let text = FileSystem.readIfPresent(current),
            !ServerFiles.isOurs(text)
        else { return }
        try FileSystem.rename(current, to: base)
    }

    private func commandLineChanges(
        _ settings: PostgresSettings, recorded: ControlData?
    ) -> [PendingSetting] {
        settings.commandLineChanges(from: runningCommandLine, recorded: recorded, floors: floors).map {
            PendingSetting(name: $0.name, oldValue: $0.from, newValue: $0.to)
        }
    }

    /// What the running (or last) postmaster was started with.
    public var runningCommandLine: [String: String] {
        PostmasterOptions.parameters(parsing: FileSystem.readIfPresent(data.file("postmaster.opts")) ?? "")
    }

    /// Parameters of the file that only a restart makes effective and that the command line does not set.
    private static func restartOnlyChanges(
        from old: String, to new: String, in version: ServerVersion
    ) -> [PendingSetting] {
        let before = ServerFiles.parameters(ofConfiguration: old)
        guard !before.isEmpty else { return [] }
        let after = ServerFiles.parameters(ofConfiguration: new)
        let onCommandLine = Set(ManagedParameter.all.filter(\.isOnCommandLine).map(\.name))
        return Set(before.keys).union(after.keys).sorted()
            .filter { RestartOnlyParameters.contains($0, in: version) && !onCommandLine.contains($0) }
            .filter { before[$0] != after[$0] }
            .map {
                PendingSetting(name: $0, oldValue: before[$0] ?? "", newValue: after[$0] ?? "")
            }
    }
}
