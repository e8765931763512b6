import Fence
import Logging
import PostgresClient
import PostgresConfiguration
import Units

extension PostgresInstance {
    /// Looks at the server over the kept session, with one statement.
    ///
    /// - Parameter deadline: for everything, also when the server is stopped (SIGSTOP) or the session must be opened anew.
    public func observe(deadline: Duration = .seconds(2)) async -> ServerObservation {
        let end = BootClock.now() + deadline
        do throws(PostgresError) {
            do throws(PostgresError) {
                return .answered(try await observeOnce(deadline: deadline))
            } catch {
                // A session that died since the last look, or a promotion between two functions of the statement.
                let left = end - BootClock.now()
                guard [.connectionLost, .server].contains(error.code), left > .zero else { throw error }
                closeObserver()
                return .answered(try await observeOnce(deadline: left))
            }
        } catch {
            closeObserver()
            return .unreachable(error)
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
        if status.isReplayPaused { status.isReplayPausedForSettings = await isShortOfReplayedSettings() }
        return status
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

    /// Whether a new session can be had: a stopped postmaster still answers old ones.
    ///
    /// Full connection slots are not ill health, and neither is a refused password: somebody answered.
    public nonisolated func probeFreshConnection(deadline: Duration = .seconds(2)) async -> Bool {
        do throws(PostgresError) {
            let end = BootClock.now() + deadline
            let connection = try await PostgresConnection.open(
                localConnection(application: "matriarch probe", statementTimeout: deadline), deadline: deadline)
            _ = try await connection.query("SELECT 1", deadline: max(end - BootClock.now(), .milliseconds(1)))
            await connection.close()
            return true
        } catch {
            return error.code == .connectionFailed && error.isAnswerFromServer && !error.isCannotConnectNow
        }
    }

    /// The kept session, opened when there is none.
    @discardableResult
    func openObserver(deadline: Duration) async throws(PostgresError) -> PostgresConnection {
        if let observer, await observer.isUsable { return observer }
        let connection = try await PostgresConnection.open(
            localConnection(application: "matriarch agent", statementTimeout: .seconds(10)), deadline: deadline)
        observer = connection
        return connection
    }

    func closeObserver() {
        guard let connection = observer else { return }
        observer = nil
        // Owned by nobody: closing waits for the session's thread, which may be inside a call that has a deadline.
        Task { await connection.close() }
    }
}
