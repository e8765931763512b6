import Fence
import Logging
import PostgresClient
public import PostgresConfiguration
public import ServerControl
import Synchronization
public import Units

extension PostgresInstance {
    /// Recovers an uncleanly stopped primary with `postgres --single`, so that pg_rewind accepts it (patroni.md §1.10).
    ///
    /// Removes the signal files, which single-user mode refuses.
    ///
    /// - Requires: no server runs.
    @discardableResult
    public func crashRecovery(deadline: Duration) async throws -> RecoveryOutcome {
        let control = try await controlData()
        switch control.state {
        case .inProduction, .shuttingDown, .inCrashRecovery, .startingUp:
            return try await recoverInSingleUserMode(deadline: deadline)
        case .shutDown, .shutDownInRecovery, .inArchiveRecovery, .unrecognized:
            return .notNeeded
        }
    }

    private func recoverInSingleUserMode(deadline: Duration) async throws -> RecoveryOutcome {
        guard adopt() == nil else { throw InstanceError(.alreadyRunning, "a server runs on \(data.path)") }
        if FileSystem.exists(data.file("backup_label")), (data.version?.major ?? 0) >= 15 {
            return .skippedForBackupLabel
        }
        try killLeftovers(deadline: .seconds(10))
        try data.removeSignals()
        let start = BootClock.now()
        logger.info("recovering in single-user mode")
        _ = try await tools.run(
            Tool(
                program: "postgres",
                // Segments of a history that is about to be rewound must not reach the archive.
                arguments: ["--single", "-D", data.path, "-c", "archive_command=false", "template1"],
                deadline: deadline))
        logger.info("recovered in single-user mode", metadata: ["elapsed": "\(BootClock.now() - start)"])
        return .recovered
    }

    /// Whether the local data can stream from `upstream` as it is.
    ///
    /// - Throws: ``InstanceError`` `.foreignCluster` when the other has another system identifier.
    public func divergence(from upstream: Upstream, deadline: Duration) async throws -> Divergence {
        try prepareRuntime()
        let control = try await controlData()
        guard let local = await localEnd(control, deadline: deadline) else {
            return .unknown(
                reason: monitor.running != nil
                    ? "the local server runs but is no standby that answers"
                    : "the local server was not stopped cleanly (\(control.state.rawValue))")
        }
        do throws(PostgresError) {
            let remote = try await history(of: upstream, deadline: deadline)
            guard remote.systemIdentifier == control.systemIdentifier else {
                throw PostgresError(.unexpectedAnswer, remote.systemIdentifier)
            }
            return local.divergence(
                fromTimeline: remote.timeline, history: remote.history, isInRecovery: remote.isInRecovery)
        } catch  where error.code == .unexpectedAnswer {
            throw InstanceError(
                .foreignCluster,
                "\(upstream.member) belongs to another cluster: system identifier \(error.message), ours is "
                    + control.systemIdentifier)
        } catch {
            return .unknown(reason: "cannot ask \(upstream.member): \(error)")
        }
    }

    /// How far the local server's own history reaches; nil when that cannot be told yet.
    private func localEnd(_ control: ControlData, deadline: Duration) async -> LocalHistoryEnd? {
        guard monitor.running != nil else { return LocalHistoryEnd(of: control) }
        guard let status = await observe(deadline: deadline).status, status.isInRecovery else { return nil }
        return LocalHistoryEnd(timeline: status.timeline, position: status.position, kind: .received)
    }

    /// What the local data has and `upstream`'s course has not, and how many transactions committed in it.
    ///
    /// - Requires: ``divergence(from:deadline:)`` could be told; it is the same comparison.
    /// - Parameter isBegunByAnother: the timeline this server was the primary of was begun by another member on the
    ///   upstream's course: the two have only its number in common.
    /// - Throws: ``PostgresError`` when the upstream cannot be asked.
    public func abandonedWAL(
        against upstream: Upstream, isBegunByAnother: Bool, deadline: Duration
    ) async throws -> AbandonedWAL {
        try prepareRuntime()
        let control = try await controlData()
        guard let local = await localEnd(control, deadline: deadline) else {
            throw InstanceError(.refused, "the end of the local history is not known")
        }
        let remote = try await history(of: upstream, deadline: deadline)
        let own = history(of: local.timeline) ?? TimelineHistory(parsing: "")
        var abandoned = local.abandoned(
            own: own, upstream: remote.timeline, history: remote.history, isBegunByAnother: isBegunByAnother)
        // Only what lies on one timeline can be read in one run.
        if own.switches.allSatisfy({ $0.position <= abandoned.start }) {
            abandoned.commits = await commits(in: abandoned)
        }
        return abandoned
    }

    /// The history of a timeline this server is or was on; nil without a history file, as timeline 1 has none.
    public func history(of timeline: Timeline) -> TimelineHistory? {
        let number = String(timeline.rawValue, radix: 16, uppercase: true)
        let name = String(repeating: "0", count: 8 - number.utf8.count) + number + ".history"
        return FileSystem.readIfPresent(data.file("pg_wal/\(name)")).map(TimelineHistory.init)
    }

    /// Counted in the WAL itself, which is still there.
    private func commits(in range: AbandonedWAL) async -> Int? {
        guard range.start < range.end else { return 0 }
        do {
            let output = try await tools.run(
                Tool(
                    program: "pg_waldump",
                    arguments: [
                        "--path", data.file("pg_wal"), "--timeline", "\(range.timeline)", "--start", "\(range.start)",
                        "--end", "\(range.end)", "--rmgr", "Transaction", "--stats=record",
                    ], deadline: .seconds(60)))
            return CommitCount(parsing: output.standardOutput).commits
        } catch {
            logger.warning("cannot count the transactions in abandoned WAL", metadata: ["error": "\(error)"])
            return nil
        }
    }

    struct RemoteHistory {
        let systemIdentifier: String
        let timeline: Timeline
        let history: TimelineHistory
        let isInRecovery: Bool
    }

    /// Over a connection for replication, which takes no SQL; PostgreSQL 14 and later tell. An earlier one counts as a primary,
    /// which costs a copy at worst.
    private func isInRecovery(
        _ connection: PostgresConnection, deadline: Duration
    ) async throws(PostgresError) -> Bool {
        do throws(PostgresError) {
            return try await connection.query("SHOW in_hot_standby", deadline: deadline).scalar == "on"
        } catch {
            guard error.sqlState == "42704" else { throw error }
            return false
        }
    }

    func history(
        of upstream: Upstream, deadline: Duration
    ) async throws(PostgresError) -> RemoteHistory {
        let connection = try await PostgresConnection.open(replicationConnection(to: upstream), deadline: deadline)
        let system = try await connection.query("IDENTIFY_SYSTEM", deadline: deadline)
        guard let identifier = system.value("systemid"),
            let timeline = system.value("timeline").flatMap({ UInt32($0) })
        else { throw PostgresError(.connectionLost, "\(upstream.member) did not identify itself") }
        var text = ""
        if timeline > 1 {
            text =
                try await connection.query("TIMELINE_HISTORY \(timeline)", deadline: deadline)
                .value("content") ?? ""
        }
        let isInRecovery = try await isInRecovery(connection, deadline: deadline)
        await connection.close()
        return RemoteHistory(
            systemIdentifier: identifier, timeline: Timeline(rawValue: timeline),
            history: TimelineHistory(parsing: text), isInRecovery: isInRecovery)
    }

    /// Takes the local data back to where its history parted from the upstream's, with pg_rewind.
    ///
    /// Recovers an uncleanly stopped server first. Afterwards ``start(_:as:)`` as a standby of `upstream`.
    ///
    /// - Requires: no server runs; `upstream` is a primary that has completed a checkpoint since its promotion.
    /// - Throws: ``InstanceError`` `.toolFailed`. If files were already changed, ``dataDirectoryState()`` is `.incomplete`
    ///   from then on and only a new copy helps; otherwise the data is as before.
    public func rewind(from upstream: Upstream, deadline: Duration) async throws {
        guard adopt() == nil else { throw InstanceError(.alreadyRunning, "a server runs on \(data.path)") }
        try requireVolume()
        try prepareRuntime()
        let control = try await controlData()
        guard control.allowsRewind else {
            throw InstanceError(.refused, "pg_rewind needs data checksums or wal_log_hints; \(data.path) has neither")
        }
        if !control.isCleanShutdown { _ = try await recoverInSingleUserMode(deadline: deadline) }
        let start = BootClock.now()
        logger.info("rewinding", metadata: ["from": "\(upstream.member)"])
        let hasCopied = Atomic(false)
        try data.begin("pg_rewind")
        do {
            _ = try await tools.run(
                Tool(
                    program: "pg_rewind",
                    arguments: [
                        "--target-pgdata", data.path, "--progress", "--no-sync", "--source-server",
                        try await connectionString(to: upstream, credentials.rewind, database: "postgres"),
                    ],
                    deadline: deadline, variables: ["PGOPTIONS": "-c statement_timeout=0"])
            ) { line in
                // What it prints right before it changes the first file.
                if line.contains("need to copy") { hasCopied.store(true, ordering: .relaxed) }
            }
        } catch {
            if !hasCopied.load(ordering: .relaxed) { try data.finish() }
            throw error
        }
        // Slots of the abandoned history would hold back WAL for nobody.
        for name in FileSystem.entries(of: data.file("pg_replslot")) {
            try FileSystem.removeTree(data.file("pg_replslot/\(name)"))
        }
        try FileSystem.synchronizeFileSystem(of: data.path)
        try data.finish()
        logger.info(
            "rewound", metadata: ["from": "\(upstream.member)", "elapsed": "\(BootClock.now() - start)"])
    }
}
