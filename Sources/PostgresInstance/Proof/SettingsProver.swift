import Fence
import Glibc
import Logging
import PostgresClient
import PostgresConfiguration
import ServerControl
import Units

/// Proves settings: starts a server with them on data of its own, has PostgreSQL read each line of access, and lets agent and
/// client in.
///
/// On a thread of its own: it writes files, and nothing waits for those. What it costs is bounded: some 60 MB and a segment
/// of WAL beside the data directory, where there is ``ProofParameters/room(walSegmentMegabytes:)``; memory, of which
/// PostgreSQL says beforehand how much it will be, and only where there is ``ProofParameters/memoryReserve`` more; a second
/// of one processor, for which it stands back; and the deadline. All of it is gone afterwards. Of the member's data it only
/// reads, through links, so that a rewind or a copy of that has nothing of it in its way.
actor SettingsProver {
    private let executor = ThreadExecutor(name: "proof")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let layout: InstanceLayout
    private let credentials: Credentials
    private let member: DataDirectory
    let tools: ToolRunner
    private let logger: Logger
    /// How much room there is in a folder; nil: not known.
    private let freeBytes: @Sendable (String) -> UInt64?
    let memory: @Sendable () -> MachineMemory.Look

    init(
        layout: InstanceLayout, credentials: Credentials, member: DataDirectory, tools: ToolRunner, logger: Logger,
        freeBytes: @escaping @Sendable (String) -> UInt64? = FileSystem.freeBytes,
        memory: @escaping @Sendable () -> MachineMemory.Look = { MachineMemory.now }
    ) {
        self.layout = layout
        self.credentials = credentials
        self.member = member
        self.tools = tools
        self.logger = logger
        self.freeBytes = freeBytes
        self.memory = memory
    }

    /// Where the proof has its data: beside the member's, on the same volume.
    var directory: String { Self.directory(of: layout) }
    var sockets: String { "\(layout.runtimeDirectory)/proof" }
    private var authenticationFile: String { "\(directory)/pg_hba.conf" }
    private var userNameMapFile: String { "\(directory)/pg_ident.conf" }

    static func directory(of layout: InstanceLayout) -> String { layout.dataDirectory + ".proof" }

    /// - Requires: one at a time.
    func prove(_ candidate: SettingsCandidate, until end: BootInstant) async -> SettingsVerdict {
        do {
            try clear()
            try requireRoom(candidate)
            try requireMemory(.mebibytes(0), candidate)
            if let error = try await logFolderError(candidate, until: end) { return .refused([error]) }
            let verdict = try await attempt(candidate, until: end)
            // What ALTER SYSTEM has set here once is not what somebody wants now.
            guard case .refused(let errors) = verdict, candidate.hasAutomaticConfiguration else { return verdict }
            var cluster = candidate
            cluster.automaticConfiguration = ""
            let alone = try await attempt(cluster, until: end)
            return alone == .proven ? .provenWithoutAutomaticConfiguration(errors) : alone
        } catch {
            do { try clear() } catch {
                logger.warning("what a proof of settings needed was left behind", metadata: ["error": "\(error)"])
            }
            return .undecided((error as? InstanceError)?.message ?? "\(error)")
        }
    }

    private func attempt(_ candidate: SettingsCandidate, until end: BootInstant) async throws -> SettingsVerdict {
        try await makeData(candidate, until: end)
        let objection = try await objectionToSize(candidate, until: end)
        let verdict = if let objection { objection } else { try await start(candidate, until: end) }
        try clear()
        return verdict
    }

    /// Ends what an earlier proof has left, of an earlier agent for example.
    func clear() throws(InstanceError) {
        try endPrograms()
        try FileSystem.removeTree(directory)
        try FileSystem.removeTree(sockets)
    }

    // MARK: Beforehand

    /// A volume that a proof fills stops the running server.
    private func requireRoom(_ candidate: SettingsCandidate) throws(InstanceError) {
        let room = ProofParameters.room(walSegmentMegabytes: candidate.walSegmentMegabytes)
        guard let free = freeBytes(FileSystem.directory(of: directory)), free < room.rawValue else {
            return
        }
        throw InstanceError(
            .file,
            "the volume has \(free >> 20) MB free, and a proof is made only where there are \(room.rawValue >> 20) MB")
    }

    /// What keeps the running server from writing its log; the proof's own writes none, and says all to us.
    private func logFolderError(
        _ candidate: SettingsCandidate, until end: BootInstant
    ) async throws -> ConfigurationFileError? {
        guard let folder = ProofParameters.logFolder(candidate.settings) else { return nil }
        func error(_ message: String) -> ConfigurationFileError {
            ConfigurationFileError(parameter: "log_directory", file: nil, message: message, isAgents: true)
        }
        let path = folder.hasPrefix("/") ? folder : member.file(folder)
        // In the data nothing is written, which a rewind may just compare; it is the server's to write to.
        if FileSystem.isInside(path, directory: member.path) {
            let isInTheWay = FileSystem.exists(path) && !FileSystem.isDirectory(path)
            return isInTheWay ? error("the server cannot write its log there: it is no folder") : nil
        }
        do {
            // As PostgreSQL does it: the folder is made, its parents are not.
            let script = """
                made=; if mkdir -m 700 "$1" 2>/dev/null; then made=1; fi
                file=$(mktemp "$1/.matriarch.XXXXXX") && rm -f "$file"; status=$?
                if [ -n "$made" ]; then rmdir "$1"; fi
                exit $status
                """
            _ = try await run(
                Tool(
                    program: "/bin/sh", arguments: ["-c", script, "sh", path],
                    deadline: min(Self.left(until: end), .seconds(5))))
            return nil
        } catch let failure {
            guard let failure = failure as? InstanceError, failure.code == .toolFailed else { throw failure }
            guard !StartMessages.isShortage(failure.message) else { throw failure }
            let reason = failure.message.split(separator: ": ").last.map(String.init) ?? failure.message
            return error("the server cannot write its log there: \(reason)")
        }
    }

    // MARK: The data

    private func makeData(_ candidate: SettingsCandidate, until end: BootInstant) async throws {
        try FileSystem.makeDirectory(sockets, owner: layout.runAs)
        let password = "\(sockets)/password"
        try FileSystem.write(
            try credentials.superuser.password() + "\n", to: password, mode: 0o600, owner: layout.runAs)
        _ = try await run(
            Tool(
                program: "initdb",
                arguments: [
                    "--pgdata", directory, "--username", credentials.superuser.username, "--pwfile", password,
                    "--auth-local", "scram-sha-256", "--auth-host", "scram-sha-256", "--no-sync", "--locale=C",
                    "--encoding=UTF8", "--wal-segsize", String(candidate.walSegmentMegabytes),
                ], deadline: Self.left(until: end), workingDirectory: sockets))
        try FileSystem.remove(password)
        try write(candidate.files.configuration, to: "\(directory)/postgresql.conf")
        try write(candidate.automaticConfiguration, to: "\(directory)/postgresql.auto.conf")
        for name in ProofParameters.relativeFiles(candidate.settings) { try linkToMember(name) }
        try linkNamedFiles(candidate)
        try write(candidate.agentsAuthentication, to: authenticationFile)
        try write(candidate.agentsUserNameMaps, to: userNameMapFile)
    }

    private func write(_ text: String, to path: String) throws(InstanceError) {
        try FileSystem.write(text, to: path, mode: 0o600, owner: layout.runAs)
    }

    private func linkToMember(_ name: String) throws(InstanceError) {
        let path = "\(directory)/\(name)"
        try FileSystem.makeDirectory(FileSystem.directory(of: path), owner: layout.runAs)
        guard symlink(member.file(name), path) == 0 || errno == EEXIST else {
            throw InstanceError(.file, "cannot link \(path)")
        }
    }

    /// What lines name by `@` is found from the file they are in; and so is what such a file names.
    private func linkNamedFiles(_ candidate: SettingsCandidate) throws(InstanceError) {
        var texts = [
            (folder: "", text: candidate.files.hostBasedAuthentication), ("", candidate.files.userNameMaps),
        ]
        var linked: Set<String> = []
        while let (folder, text) = texts.popLast() {
            for name in ProofParameters.namedFiles(in: text).map({ folder + $0 })
            where linked.count < 100 && linked.insert(name).inserted {
                try linkToMember(name)
                let next = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
                if let text = FileSystem.readIfPresent(member.file(name)) { texts.append((next, text)) }
            }
        }
    }

    // MARK: The server

    private func start(_ candidate: SettingsCandidate, until end: BootInstant) async throws -> SettingsVerdict {
        let server = Tool(
            program: "postgres", arguments: arguments(candidate), deadline: Self.left(until: end),
            workingDirectory: sockets)
        let said = ToolLines()
        let parameters = candidate.settings.parameters
        return try await withThrowingTaskGroup(of: SettingsVerdict.self) { group in
            group.addTask {
                do {
                    _ = try await self.run(server) { said.note($0) }
                    return .undecided("the server of the proof ended by itself")
                } catch {
                    guard (error as? InstanceError)?.code == .toolFailed else { throw error }
                    return StartMessages(said.lines).verdict(parameters: parameters)
                }
            }
            group.addTask { try await self.ask(candidate, until: end) }
            defer { group.cancelAll() }
            return try await group.next() ?? .undecided("nobody was asked")
        }
    }

    /// - Parameter isBounded: false: with the memory that the member's own would have; never to be started.
    func arguments(_ candidate: SettingsCandidate, isBounded: Bool = true) -> [String] {
        let values =
            candidate.commandLine
            + [
                ("data_directory", directory), ("hba_file", authenticationFile), ("ident_file", userNameMapFile),
                ("unix_socket_directories", sockets), ("port", String(layout.port)),
            ]
            + ProofParameters.values(
                for: candidate.settings, version: candidate.version, hasHugePages: candidate.hasHugePages,
                isBounded: isBounded)
        return ["-D", directory] + values.flatMap { ["-c", "\($0.name)=\($0.value)"] }
    }

    /// What the server says, once it is up, of the lines of access; and whether those who are to get in do.
    private func ask(_ candidate: SettingsCandidate, until end: BootInstant) async throws -> SettingsVerdict {
        let agent: PostgresConnection
        switch try await session(PostgresInstance.ownSession, until: end) {
        case .success(let connection): agent = connection
        case .failure(let refusal): return .refused([Self.error(refusal, candidate)])
        }
        do {
            let verdict = try await ask(candidate, over: agent, until: end)
            await agent.close()
            return verdict
        } catch {
            await agent.close()
            throw error
        }
    }

    private func ask(
        _ candidate: SettingsCandidate, over agent: PostgresConnection, until end: BootInstant
    ) async throws -> SettingsVerdict {
        let files = candidate.files
        try write(files.hostBasedAuthentication, to: authenticationFile)
        try write(files.userNameMaps, to: userNameMapFile)
        let errors = try await AccessLines(
            hostBasedAuthentication: files.hostBasedAuthentication, userNameMaps: files.userNameMaps,
            settings: candidate.settings, version: candidate.version
        ).errors(over: agent, deadline: Self.left(until: end))
        guard errors.isEmpty else { return .refused(errors) }
        let loaded = try await agent.query(
            "SELECT pg_conf_load_time()::text FROM pg_reload_conf()", deadline: Self.left(until: end)
        ).scalar
        // As the agent comes, and as a client does, who loads what every session is to load.
        for settings in [PostgresInstance.ownSession, [:]] {
            if let refusal = try await refusal(of: settings, loadedAfter: loaded, until: end) {
                return .refused([Self.error(refusal, candidate)])
            }
        }
        return .proven
    }

    // MARK: Sessions

    /// - Returns: nil when a session was opened that has the lines as they were loaded after `former`.
    private func refusal(
        of settings: [String: String], loadedAfter former: String?, until end: BootInstant
    ) async throws -> PostgresError? {
        while true {
            switch try await session(settings, until: end) {
            case .failure(let refusal): return refusal
            case .success(let connection):
                let loaded = try await connection.query(
                    "SELECT pg_conf_load_time()::text", deadline: Self.left(until: end)
                ).scalar
                await connection.close()
                if loaded != former { return nil }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits for the server.
    ///
    /// - Returns: also its refusal.
    private func session(
        _ settings: [String: String], until end: BootInstant
    ) async throws -> Result<PostgresConnection, PostgresError> {
        while true {
            do throws(PostgresError) {
                return .success(
                    try await PostgresConnection.open(
                        ConnectionParameters(
                            address: .socket(directory: sockets), port: layout.port,
                            user: credentials.superuser.username, database: "postgres",
                            passwordFile: layout.passwordFile, applicationName: "matriarch proof",
                            searchPath: "pg_catalog", settings: settings), deadline: Self.left(until: end)))
            } catch {
                if Self.isRefusal(error) { return .failure(error) }
                guard BootClock.now() < end else {
                    throw InstanceError(.timeout, "the server of the proof lets nobody in: \(error.message)")
                }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Whether the server has refused a session for what it is, and not for what it lacks at the moment: connections, memory,
    /// files, time (classes 53 and 57, and an error of the disk). A wrong password is no fault of the settings: initdb was
    /// given it from the Secret, and that has changed since the agent's own file of passwords was written.
    static func isRefusal(_ error: PostgresError) -> Bool {
        guard let state = error.sqlState else { return false }
        return !["53", "57"].contains { state.hasPrefix($0) } && !["58030", "28P01"].contains(state)
            && !StartMessages.isShortage(error.message)
    }

    static func left(until end: BootInstant) -> Duration { max(end - BootClock.now(), .milliseconds(1)) }

    private static func error(_ refusal: PostgresError, _ candidate: SettingsCandidate) -> ConfigurationFileError {
        // `connection to server on socket "…" failed: FATAL:  58P01: could not access file "…"`: the server's part.
        let text = refusal.sqlState.flatMap { state in
            refusal.message.firstRange(of: "\(state): ").map { String(refusal.message[$0.upperBound...]) }
        }
        return StartMessages.error(text ?? refusal.message, parameters: candidate.settings.parameters)
    }
}
