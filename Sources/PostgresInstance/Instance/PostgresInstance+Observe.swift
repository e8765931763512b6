import Fence
import Logging
import PostgresClient
import PostgresConfiguration
public import ServerControl
import Units

extension PostgresInstance {
    /// Looks at the server over the kept session, with one statement.
    ///
    /// - Parameter deadline: for everything, also when the server is stopped (SIGSTOP) or the session must be opened anew.
    public func observe(deadline: Duration) async -> ServerObservation {
        let end = BootClock.now() + deadline
        do throws(PostgresError) {
            do throws(PostgresError) {
                return .answered(try await observeOnce(deadline: deadline))
            } catch {
                // A session that died since the last look, or a promotion between two functions of the statement.
                let left = end - BootClock.now()
                guard [.connectionLost, .server].contains(error.code), !error.isGivenUpByServer, left > .zero else {
                    throw error
                }
                closeObserver()
                return .answered(try await observeOnce(deadline: left))
            }
        } catch {
            // One that says no is kept: what is in the way now need not be in the way of its next statement.
            if error.code != .server { closeObserver() }
            return ServerObservation(error)
        }
    }

    private func observeOnce(deadline: Duration) async throws(PostgresError) -> ServerStatus {
        let end = BootClock.now() + deadline
        let connection = try await openObserver(deadline: deadline)
        let result = try await connection.query(
            ObservationQuery.text, deadline: max(end - BootClock.now(), .milliseconds(1)))
        var status = try ObservationQuery.read(result)
        if status.isInRecovery, status.receiver?.timeline == nil,
            let replayed = await replayTimeline(of: status, deadline: max(end - BootClock.now(), .milliseconds(1)))
        {
            status.timeline = max(status.timeline, replayed)
        }
        if status.isInRecovery { status.pendingRestart = pendingRestart(of: status) }
        if status.isReplayPaused { status.isReplayPausedForSettings = await isShortOfReplayedSettings() }
        return status
    }

    /// With what a standby runs with only because its primary did: that is in its files, too, so PostgreSQL misses nothing.
    private func pendingRestart(of status: ServerStatus) -> [PendingSetting] {
        guard let settings else { return status.pendingRestart }
        let known = Set(status.pendingRestart.map(\.name))
        return status.pendingRestart
            + settings.heldUp(running: runningCommandLine, floors: floors).filter { !known.contains($0.name) }
    }

    /// Whether this server was started with less than the control file says its primary has
    /// (``ManagedParameter/mustNotBeBelowPrimary``). It is written there before replay is paused.
    private func isShortOfReplayedSettings() async -> Bool {
        do {
            let running = runningCommandLine
            return try await controlData().primarySettings.contains { name, needed in
                running[name].flatMap { Int($0) }.map { $0 < needed } ?? false
            }
        } catch {
            logger.warning("why replay is paused is not known", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// The timeline a standby replays, which no SQL function tells once its walreceiver has ended: pg_control still has the
    /// one of the last restartpoint.
    private func replayTimeline(of status: ServerStatus, deadline: Duration) async -> Timeline? {
        if let replayed, replayed.postmasterStartTime == status.postmasterStartTime,
            replayed.position == status.replayPosition
        {
            return replayed.timeline
        }
        do throws(PostgresError) {
            let connection = try await PostgresConnection.open(
                ConnectionParameters(
                    address: .socket(directory: layout.socketDirectory), port: layout.port,
                    user: credentials.replication.username, database: nil, passwordFile: layout.passwordFile,
                    applicationName: "matriarch timeline", isReplication: true), deadline: deadline)
            let system = try await connection.query("IDENTIFY_SYSTEM", deadline: deadline)
            await connection.close()
            guard let timeline = system.value("timeline").flatMap({ UInt32($0) }).map(Timeline.init(rawValue:)) else {
                return nil
            }
            replayed = (status.postmasterStartTime, status.replayPosition, timeline)
            return timeline
        } catch {
            logger.debug("the replayed timeline is not known", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Tries whether a new session can be had: a stopped postmaster still answers old ones.
    ///
    /// First as a client comes; the agent's own settings of a session, which keep it apart from what others have set for
    /// everybody's, tell then who is refused.
    ///
    /// - Parameter deadline: for all of it; half of it more when a login does not end.
    public nonisolated func probeFreshSession(deadline: Duration) async -> FreshSession {
        let end = BootClock.now() + deadline
        guard let refusal = await whyRefused(settings: [:], until: end) else { return .opened }
        guard refusal.isAnswerFromServer else { return await delayedOrSilent(deadline: deadline / 2) }
        if refusal.isCannotConnectNow || refusal.isTooManyConnections { return .refused(SessionFailure(refusal)) }
        guard let own = await whyRefused(settings: Self.ownSession, until: end) else {
            return .refusesOthers(SessionFailure(refusal))
        }
        return own.isAnswerFromServer ? .refused(SessionFailure(own)) : await delayedOrSilent(deadline: deadline / 2)
    }

    /// - Returns: nil when a session was opened and has answered.
    private nonisolated func whyRefused(settings: [String: String], until end: BootInstant) async -> PostgresError? {
        func left() -> Duration { max(end - BootClock.now(), .milliseconds(1)) }
        do throws(PostgresError) {
            let connection = try await openLocal(
                application: "matriarch probe", statementTimeout: left(), settings: settings, deadline: left())
            _ = try await connection.query("SELECT 1", deadline: left())
            await connection.close()
            return nil
        } catch {
            return error
        }
    }

    private nonisolated func delayedOrSilent(deadline: Duration) async -> FreshSession {
        await SignOfLife.isSeen(socketDirectory: layout.socketDirectory, port: layout.port, deadline: deadline)
            ? .delayed : .silent
    }

    /// Whether a process of the server waits for a lock on a catalog, as a login does that somebody's maintenance holds up.
    ///
    /// - Returns: false also when the kept session does not tell: then it is not known what a login waits for.
    public func areLoginsBehindLock(deadline: Duration) async -> Bool {
        do throws(PostgresError) {
            let connection = try await openObserver(deadline: deadline)
            // What PostgreSQL is made with has numbers below 16384.
            return try await connection.query(
                """
                SELECT EXISTS (SELECT FROM pg_lock_status()
                    WHERE NOT granted AND locktype = 'relation' AND relation::bigint < 16384)
                """, deadline: deadline
            ).scalar == "t"
        } catch {
            return false
        }
    }

    /// The kept session, opened when there is none, and again when the database it should be in lets sessions in again: nobody can
    /// copy a database somebody is in.
    @discardableResult
    func openObserver(deadline: Duration) async throws(PostgresError) -> PostgresConnection {
        if let observer, observedDatabase == database, await observer.isUsable { return observer }
        closeObserver()
        let connection = try await openLocal(
            application: "matriarch agent", statementTimeout: .seconds(10),
            settings: Self.ownSession.merging(["lock_timeout": "300"]) { $1 }, deadline: deadline)
        (observer, observedDatabase) = (connection, database)
        return connection
    }

    func closeObserver() {
        guard let connection = observer else { return }
        observer = nil
        // Owned by nobody: closing waits for the session's thread, which may be inside a call that has a deadline.
        Task { await connection.close() }
    }
}
