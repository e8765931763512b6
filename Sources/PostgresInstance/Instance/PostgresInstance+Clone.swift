import Fence
import Logging
import PostgresClient
public import PostgresConfiguration
public import ServerControl
import Synchronization
import Units

extension PostgresInstance {
    /// Copies another server with `pg_basebackup`, so that ``start(_:as:)`` can follow it.
    ///
    /// With a slot, the upstream keeps the WAL from the copy's start until we stream: it is made there first if missing.
    ///
    /// - Requires: ``dataDirectoryState()`` is `.absent` or `.empty`.
    /// - Throws: ``InstanceError``, `.versionMismatch` when a copy could not be started here, `.sourceIsFull` when the source
    ///   has no walsenders free; what was copied by then is removed again.
    public func clone(from upstream: Upstream, deadline: Duration) async throws {
        let existed = try await requireNoData(for: "pg_basebackup")
        try prepareRuntime()
        let slot = try await reserve(at: upstream, deadline: min(deadline, .seconds(5)))
        var arguments = [
            "--pgdata", data.path, "--wal-method", "stream", "--checkpoint", "fast", "--no-password", "--progress",
            "--no-sync",
            "--dbname", try await connectionString(to: upstream, credentials.replication, database: nil),
        ]
        if let slot { arguments += ["--slot", slot.description] }
        let report = CloneProgress(logger: logger, member: upstream.member, meter: copyMeter)
        defer { copyMeter.end() }
        logger.info(
            "copying the data directory",
            metadata: ["from": "\(upstream.member)", "slot": "\(slot?.description ?? "temporary")"])
        try await create(
            "pg_basebackup", arguments: arguments, directoryExisted: existed, deadline: deadline,
            progress: { report.line($0) })
        logger.info(
            "copied the data directory", metadata: ["from": "\(upstream.member)", "elapsed": "\(report.elapsed)"])
    }

    /// Makes the slot to copy over.
    ///
    /// - Returns: the slot; nil when a temporary one has to do.
    /// - Throws: ``InstanceError`` `.sourceIsFull`, `.versionMismatch`. Whatever else is wrong is pg_basebackup's to say.
    private func reserve(at upstream: Upstream, deadline: Duration) async throws -> SlotName? {
        do {
            try await requireCopyable(upstream, deadline: deadline)
            return upstream.slot
        } catch {
            guard let error = error as? PostgresError else { throw error }
            logger.notice(
                "copying without a permanent slot",
                metadata: ["slot": "\(upstream.slot?.description ?? "none")", "error": "\(error)"])
            return nil
        }
    }

    /// Makes sure that the server is of the version of the programs here and has room for a copy, and makes the slot to copy
    /// over.
    ///
    /// A copy streams over two walsenders. One that can have the first alone would have the server write a checkpoint for
    /// nothing, and again with each attempt.
    ///
    /// - Throws: ``InstanceError`` `.sourceIsFull`, `.versionMismatch`; ``PostgresError`` when it does not answer, or makes no
    ///   slot.
    public func requireCopyable(_ upstream: Upstream, deadline: Duration) async throws {
        try prepareRuntime()
        var held: [PostgresConnection] = []
        do {
            for _ in 0..<2 {
                held.append(
                    try await PostgresConnection.open(replicationConnection(to: upstream), deadline: deadline))
            }
            try await requireOwnVersion(of: upstream, number: await held[0].serverVersionNumber)
            if let slot = upstream.slot { try await makeSlot(slot, held[0], deadline: deadline) }
            for connection in held { await connection.close() }
        } catch {
            for connection in held { await connection.close() }
            guard let error = error as? PostgresError, error.isTooManyConnections else { throw error }
            throw InstanceError(
                .sourceIsFull, "\(upstream.member) has no two walsenders free for a copy; see max_wal_senders",
                cause: error)
        }
    }

    public nonisolated var copiedPercent: Int? { copyMeter.percent }

    public func roomForCopy(from upstream: Upstream, deadline: Duration) async -> CopyRoom? {
        guard FileSystem.isDirectory(data.path), let free = FileSystem.freeBytes(of: data.path) else { return nil }
        return CopyRoom(
            size: FileSystem.size(of: data.path), copy: await databaseSize(of: upstream, deadline: deadline),
            free: ByteCount(rawValue: free))
    }

    /// What the databases of a server take that every account may connect to; nil when it does not say.
    private func databaseSize(of upstream: Upstream, deadline: Duration) async -> ByteCount? {
        do {
            try prepareRuntime()
            let connection = try await PostgresConnection.open(
                ConnectionParameters(
                    address: .host(upstream.host), port: upstream.port, user: credentials.rewind.username,
                    passwordFile: layout.passwordFile, applicationName: toolName), deadline: deadline)
            let size = try await connection.query(
                """
                SELECT sum(pg_database_size(oid)) FROM pg_database WHERE has_database_privilege(oid, 'CONNECT')
                """, deadline: deadline)
            await connection.close()
            return size.scalar.flatMap { UInt64($0) }.map { ByteCount(rawValue: $0) }
        } catch {
            logger.info(
                "cannot tell what a copy takes", metadata: ["from": "\(upstream.member)", "error": "\(error)"])
            return nil
        }
    }

    private func makeSlot(
        _ slot: SlotName, _ connection: PostgresConnection, deadline: Duration
    ) async throws(PostgresError) {
        // Asked for again and again: a refusal would be an error in the log of the source each time. Before 15 there is no
        // question.
        if await connection.serverVersionNumber >= 150_000 {
            let found = try await connection.query(
                "READ_REPLICATION_SLOT \(SQLText.identifier(slot.description))", deadline: deadline)
            if found.value("slot_type") != nil { return }
        }
        do {
            _ = try await connection.query(
                "CREATE_REPLICATION_SLOT \(SQLText.identifier(slot.description)) PHYSICAL RESERVE_WAL",
                deadline: deadline)
        } catch {
            // duplicate_object: made before us.
            guard error.sqlState == "42710" else { throw error }
        }
    }

    /// Asks a server that is to be streamed from whether it is one of ours, and makes our slot there.
    ///
    /// - Throws: ``InstanceError`` `.foreignCluster` when it has another system identifier; ``PostgresError`` when it does
    ///   not answer, or makes no slot.
    public func prepareToStream(from upstream: Upstream, deadline: Duration) async throws {
        try prepareRuntime()
        let identifier = try await controlData().systemIdentifier
        let connection = try await PostgresConnection.open(replicationConnection(to: upstream), deadline: deadline)
        let other = try await connection.query("IDENTIFY_SYSTEM", deadline: deadline).value("systemid") ?? "none"
        guard other == identifier else {
            throw InstanceError(
                .foreignCluster,
                "\(upstream.member) belongs to another cluster: system identifier \(other), ours is \(identifier)")
        }
        if let slot = upstream.slot { try await makeSlot(slot, connection, deadline: deadline) }
        await connection.close()
    }

    func replicationConnection(to upstream: Upstream) -> ConnectionParameters {
        ConnectionParameters(
            address: .host(upstream.host), port: upstream.port, user: credentials.replication.username, database: nil,
            passwordFile: layout.passwordFile, applicationName: toolName, isReplication: true)
    }

    func connectionString(
        to upstream: Upstream, _ account: Credentials.Account, database: String?
    ) async throws -> String {
        ConnectionString(
            upstream: upstream, user: account.username, database: database, passwordFile: layout.passwordFile,
            applicationName: toolName, version: try await programVersion()
        ).description
    }

    /// What everything but the server itself is called where it signs in.
    ///
    /// Commits wait for the member's name, and only its walreceiver may confirm them: a pg_basebackup that streams over a slot
    /// reports what it received, and what it received is not synced. The space is in no member's name, so that also what
    /// PostgreSQL leaves of it, 63 bytes, is nobody's.
    private var toolName: String { "agent of \(layout.memberName)" }
}

/// How far the copy is that runs now.
final class CopyMeter: Sendable {
    private let state = Mutex<Int?>(nil)

    var percent: Int? { state.withLock(\.self) }

    /// - Parameter line: as pg_basebackup writes it: `23059/52311 kB (44%), 0/1 tablespace`.
    func read(_ line: String) {
        guard let text = line.split(separator: "(").dropFirst().first?.prefix(while: { $0 != "%" }),
            let percent = Int(text), (0...100).contains(percent)
        else { return }
        state.withLock { $0 = percent }
    }

    func end() { state.withLock { $0 = nil } }
}

/// Logs how far a copy is, at most every five seconds.
private final class CloneProgress: Sendable {
    private let logger: Logger
    private let member: String
    private let meter: CopyMeter
    private let start = BootClock.now()
    private let lastReport = Mutex(BootClock.now())

    init(logger: Logger, member: String, meter: CopyMeter) {
        self.logger = logger
        self.member = member
        self.meter = meter
    }

    var elapsed: Duration { BootClock.now() - start }

    func line(_ text: String) {
        meter.read(text)
        let isDue = lastReport.withLock { last in
            guard BootClock.now() - last >= .seconds(5) else { return false }
            last = BootClock.now()
            return true
        }
        guard isDue else { return }
        logger.info(
            "still copying", metadata: ["from": "\(member)", "elapsed": "\(elapsed)", "progress": "\(text)"])
    }
}
