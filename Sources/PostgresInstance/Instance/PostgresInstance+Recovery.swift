public import PostgresClient
public import ServerControl
import Units

extension PostgresInstance {
    /// Functions, not the views above them: a lock on a view that is being replayed would hold this question up, too.
    private static let recovery = """
        SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn(),
            greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()),
            (SELECT CASE WHEN wait_event_type IN ('Lock', 'BufferPin') OR wait_event LIKE 'RecoveryConflict%'
                    THEN 'transaction' WHEN wait_event = 'RestoreCommand' THEN 'restoreCommand' END
                FROM pg_stat_get_activity(NULL) WHERE backend_type = 'startup' LIMIT 1)
        """

    /// Looks how far replay is, and what it waits for.
    ///
    /// - Throws: ``PostgresError``.
    public func recoveryStatus(deadline: Duration) async throws(PostgresError) -> RecoveryStatus {
        let connection = try await openObserver(deadline: deadline)
        let row = try await connection.query(Self.recovery, deadline: deadline).rows.first ?? []
        guard row.count == 4 else { throw PostgresError(.unexpectedAnswer, "the server does not tell of its recovery") }
        let replayed = row[1].flatMap { LSN($0) } ?? .invalid
        return RecoveryStatus(
            isInRecovery: row[0] == "t", replayed: replayed,
            left: (row[2].flatMap { LSN($0) } ?? .invalid).bytes(since: replayed),
            wait: row[3].flatMap { RecoveryStatus.Wait(rawValue: $0) } ?? .nothing)
    }

    /// Ends the sessions that are in a transaction, but for this one.
    ///
    /// Those are what replay waits for: a lock, a snapshot and a pinned page are held by transactions alone. Which of them it
    /// is, PostgreSQL (15 to 18) does not say: `pg_blocking_pids` does not know the startup process. Nor does it help to
    /// set `max_standby_streaming_delay` to 0: a startup process that waits already reads no configuration. A session counts as in
    /// a transaction when it holds the lock on its own virtual transaction, whatever `track_activities` says.
    ///
    /// - Requires: the lock of the cluster is held and the server was asked to promote; readers of a standby are not in the way
    ///   before.
    /// - Returns: how many were ended.
    /// - Throws: ``PostgresError``; some may have been ended.
    public func endTransactions(deadline: Duration) async throws(PostgresError) -> Int {
        let connection = try await openObserver(deadline: deadline)
        let answer = try await connection.query(
            """
            SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_get_activity(NULL)
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND pg_is_in_recovery()
                AND pid IN (SELECT pid FROM pg_lock_status() WHERE locktype = 'virtualxid' AND mode = 'ExclusiveLock')
            """, deadline: deadline)
        return answer.scalar.flatMap { Int($0) } ?? 0
    }
}
