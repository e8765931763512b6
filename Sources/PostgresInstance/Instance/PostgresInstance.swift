public import Fence
import Glibc
public import Logging
import PostgresClient
public import PostgresConfiguration
public import ServerControl
import Synchronization
import Units

/// The PostgreSQL server of this member: its files, processes and tools.
///
/// Runs on a thread of its own, because `/proc` walks and fsync block. One lifecycle operation (initialize, clone, start,
/// stop, rewind, promote) is under way at a time, which is the caller's business; observing is safe at any time.
///
/// - Guarantees: nothing here decides a role. Data that was not created by the failing call itself is never removed, only
///   moved aside.
/// - Errors: ``InstanceError``, ``PostgresError`` or `CancellationError`.
public actor PostgresInstance {
    private let executor = ThreadExecutor(name: "instance")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public nonisolated let layout: InstanceLayout
    let credentials: Credentials
    let logger: Logger
    nonisolated let data: DataDirectory
    let tools: ToolRunner
    let prover: SettingsProver
    let monitor = PostmasterMonitor()
    nonisolated let copyMeter = CopyMeter()
    let volume: VolumeHold?
    private nonisolated let volumeProbe: VolumeProbe
    /// It was said that the file system cannot keep two containers apart.
    var hasSaidUnlocked = false
    /// The kept session that observes; nil until needed and after every failure.
    var observer: PostgresConnection?
    /// The timeline a standby replayed at a place, asked once: it replays another one only further on.
    var replayed: (postmasterStartTime: String, position: LSN?, timeline: Timeline)?
    /// The database that let a session in last.
    private nonisolated let workingDatabase = Mutex(databases[0])
    /// The one the kept session is in.
    var observedDatabase = databases[0]
    /// What was written last; ``follow(_:)`` keeps it.
    var settings: PostgresSettings?
    /// The files as this agent has written them last, by name; empty before that.
    var writtenTexts: [String: String] = [:]
    /// The files may say what the running server has not read: they were written, and what was to follow failed. At first
    /// because of an earlier life of the agent.
    var owesReload = true
    /// Of the programs, once they were asked.
    var knownProgramVersion: ServerVersion?
    /// What the application's role was to have when this agent looked last, and whether it has that; nil: it has not looked
    /// in this office.
    var applicationWish: (wanted: ApplicationWish, isMet: Bool)?
    /// Of declared roles, by name; see ``keepRoles(_:while:deadline:)``.
    var knownVerifiers: [String: KnownVerifier] = [:]

    /// - Parameter volume: what keeps another container off the volume; nil: nothing does.
    public init(layout: InstanceLayout, credentials: Credentials, volume: VolumeHold? = nil, logger: Logger) {
        self.layout = layout
        self.credentials = credentials
        self.volume = volume
        self.logger = logger
        data = DataDirectory(path: layout.dataDirectory, owner: layout.runAs)
        volumeProbe = VolumeProbe(path: data.probeFile)
        tools = ToolRunner(layout: layout, logger: logger)
        prover = SettingsProver(
            layout: layout, credentials: credentials, member: data, tools: tools, logger: logger)
    }

    /// Ends of postmasters, at once. One reader; eight are kept for a slow one.
    public nonisolated var exits: AsyncStream<PostmasterExit> { monitor.exits }

    /// The database sessions of this agent are in now. What was granted in another one is not granted here.
    public nonisolated var database: String { workingDatabase.withLock { $0 } }

    /// The database they should be in, when that one lets none in.
    public nonisolated var missingDatabase: String? { database == Self.databases[0] ? nil : Self.databases[0] }

    /// The postmaster this instance started or adopted, while it runs.
    public nonisolated var runningPostmaster: PostmasterHandle? { monitor.running }

    /// Whether the volume of the data takes writes, once a server has run here. Never waits for it.
    public nonisolated func lookAtVolume(every pause: Duration) -> VolumeLook {
        if monitor.running != nil { volumeProbe.arm() }
        return volumeProbe.look(every: pause)
    }

    // MARK: Data directory

    /// Looks at the data directory; changes nothing.
    public func dataDirectoryState() async throws -> DataDirectoryState {
        guard claimVolume() else { return .unreadable(reason: Self.volumeTaken) }
        if let operation = data.unfinishedOperation { return .incomplete(operation: operation) }
        guard FileSystem.exists(data.path) else { return .absent }
        do {
            if try data.significantEntries().isEmpty { return .empty }
        } catch {
            return .unreadable(reason: error.message)
        }
        guard FileSystem.exists(data.file("global/pg_control")), let version = data.version else {
            return .unreadable(reason: "\(data.path) is not empty but holds no PostgreSQL data directory")
        }
        do {
            return .initialized(try await controlData(), version)
        } catch let error as InstanceError {
            return .unreadable(reason: error.message)
        }
    }

    /// Reads `pg_control`; works on a running and on a stopped server.
    ///
    /// - Throws: ``InstanceError`` `.versionMismatch` when the data is of another major version than the programs: what
    ///   these would read in it means something else.
    public func controlData() async throws -> ControlData {
        try await requireOwnVersion()
        let output = try await tools.run(
            Tool(program: "pg_controldata", arguments: ["--pgdata", data.path], deadline: .seconds(5)))
        guard let control = ControlData(parsing: output.standardOutput) else {
            throw InstanceError(.toolFailed, "pg_controldata printed no control data for \(data.path)")
        }
        return control
    }

    /// Renames the data directory to `<directory>.<reason>.<UTC time>`. Nothing is deleted, also nothing older.
    ///
    /// - Requires: no server runs on it.
    /// - Returns: the new name.
    public func moveDataDirectoryAside(reason: String) throws -> String {
        try requireVolume()
        guard monitor.running == nil, DataDirectoryProcesses.areGone(dataDirectory: data.path) else {
            throw InstanceError(.alreadyRunning, "a server still runs on \(data.path)")
        }
        let base = "\(pathAside(reason)).\(Self.timestamp())"
        var target = base
        var attempt = 1
        while FileSystem.exists(target) {
            attempt += 1
            target = "\(base)-\(attempt)"
        }
        try FileSystem.rename(data.path, to: target)
        try data.finish()
        logger.notice("moved the data directory aside", metadata: ["from": "\(data.path)", "to": "\(target)"])
        return target
    }

    public nonisolated func hasMovedAside(reason: String) -> Bool {
        let path = pathAside(reason)
        let folder = FileSystem.directory(of: path)
        return FileSystem.entries(of: folder).contains { "\(folder)/\($0)".hasPrefix("\(path).") }
    }

    private nonisolated func pathAside(_ reason: String) -> String {
        let label = reason.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }.joined()
        return "\(data.path).\(label)"
    }

    /// Removes what an interrupted `initdb` or `pg_basebackup` of ours left: it never held anybody's data.
    ///
    /// - Throws: ``InstanceError`` `.refused` for anything else, such as an interrupted rewind; move that aside.
    public func discardIncomplete() throws {
        guard let operation = data.unfinishedOperation, ["initdb", "pg_basebackup"].contains(operation) else {
            throw InstanceError(.refused, "\(data.path) holds data that was not created by an interrupted copy")
        }
        try removeCreatedData(keepingDirectory: true)
    }

    /// Empties a directory that an operation of ours has filled; what did not count as data before is left.
    func removeCreatedData(keepingDirectory: Bool) throws {
        if FileSystem.exists(data.path) {
            for name in try data.significantEntries() { try FileSystem.removeTree(data.file(name)) }
            if !keepingDirectory { try FileSystem.removeTree(data.path) }
        }
        try data.finish()
    }

    private static func timestamp() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        func padded(_ value: Int32, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return padded(parts.tm_year + 1900, 4) + padded(parts.tm_mon + 1, 2) + padded(parts.tm_mday, 2) + "T"
            + padded(parts.tm_hour, 2) + padded(parts.tm_min, 2) + padded(parts.tm_sec, 2) + "Z"
    }

    // MARK: Surroundings

    /// Makes the runtime and socket directories and writes the password file, which follows rotated Secrets.
    func prepareRuntime() throws(InstanceError) {
        try FileSystem.makeDirectory(layout.runtimeDirectory, owner: layout.runAs)
        try FileSystem.makeDirectory(layout.socketDirectory, owner: layout.runAs)
        try FileSystem.write(
            try credentials.passwordFile(), to: layout.passwordFile, mode: 0o600, owner: layout.runAs)
    }

    /// The accounts for `pg_hba.conf`. Peer authentication needs names for the uids involved.
    var access: InternalAccess {
        var users: [String] = []
        if let own = Self.userName(geteuid()) {
            users = [own]
            if let server = layout.runAs.flatMap({ Self.userName($0.uid) }), server != own { users.append(server) }
        }
        return InternalAccess(
            superuser: credentials.superuser.username, replication: credentials.replication.username,
            rewind: credentials.rewind.username, trustedSystemUsers: users)
    }

    private static func userName(_ uid: UInt32) -> String? {
        // Not getpwuid: its one buffer is everybody's, and another thread's name would be let in instead of ours.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16384) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let start = buffer.baseAddress, getpwuid_r(uid, &entry, start, buffer.count, &found) == 0,
                found != nil, let name = entry.pw_name
            else { return nil }
            return String(cString: name)
        }
    }

    /// Opens a session with the local server as superuser, in the first of ``databases`` that lets it in.
    ///
    /// The one every tool connects to, `postgres`, may be renamed, dropped or closed; then `template1`, which a server needs to
    /// make another.
    ///
    /// - Throws: ``PostgresError``: the refusal of the first.
    nonisolated func openLocal(
        application: String, statementTimeout: Duration?, settings: [String: String] = ownSession, deadline: Duration
    ) async throws(PostgresError) -> PostgresConnection {
        let end = BootClock.now() + deadline
        var refusal: PostgresError?
        for database in Self.databases {
            do throws(PostgresError) {
                let connection = try await PostgresConnection.open(
                    localConnection(
                        application: application, database: database, statementTimeout: statementTimeout,
                        settings: settings), deadline: max(end - BootClock.now(), .milliseconds(1)))
                workingDatabase.withLock { $0 = database }
                return connection
            } catch {
                guard error.isDatabaseRefused else { throw error }
                refusal = refusal ?? error
            }
        }
        throw refusal ?? PostgresError(.connectionFailed, "there is no database to work in")
    }

    /// Where the agent works, in this order. Neither holds anything of its own.
    private static let databases = ["postgres", "template1"]

    /// What holds for the sessions of this agent whatever the server, the database or the role say: no library that may be
    /// missing, no limit in time but its own, no trigger of a user's, nobody else's rights.
    static let ownSession = [
        "session_preload_libraries": "", "local_preload_libraries": "", "default_transaction_read_only": "off",
        "default_transaction_isolation": "read committed", "session_replication_role": "replica", "lock_timeout": "0",
        "idle_in_transaction_session_timeout": "0", "idle_session_timeout": "0", "role": "none",
    ]

    nonisolated func localConnection(
        application: String, database: String = databases[0], statementTimeout: Duration?,
        settings: [String: String] = ownSession
    ) -> ConnectionParameters {
        ConnectionParameters(
            address: .socket(directory: layout.socketDirectory), port: layout.port,
            user: credentials.superuser.username, database: database, passwordFile: layout.passwordFile,
            applicationName: application, statementTimeout: statementTimeout, searchPath: "pg_catalog",
            settings: settings)
    }

    /// Waits, also in a cancelled task: a stop that was begun is finished.
    nonisolated func pause(_ duration: Duration) async {
        // Owned here: awaited at once. A task of its own does not inherit the cancellation.
        let timer = Task { try await Task.sleep(for: duration) }
        _ = await timer.result
    }
}
