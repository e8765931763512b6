import Fence
public import PostgresClient
import Units

extension PostgresInstance {
    /// Has every standby confirm something anew, until a commit that waits for them returns.
    ///
    /// A walsender lets commits go when its standby confirms something, and by no other event: not when it reads another
    /// `synchronous_standby_names` (PostgreSQL 10 to 18). A commit whose last confirmation came before that goes on waiting for
    /// the next one, although nobody is missing any more; if nobody else writes, for `wal_receiver_status_interval`: a second,
    /// or whatever the cluster's parameters say. So a transaction that changes nothing is written, and written again until one
    /// of them that waits has returned: all commits before it have returned then as well.
    ///
    /// Both have sessions of their own, at most one each, so that no look at the server's health waits behind them.
    ///
    /// - Requires: a primary that has been told to reload its names.
    /// - Returns: whether one has returned; false after the deadline, or when there is no session to be had.
    public nonisolated func refreshConfirmations(deadline: Duration) async -> Bool {
        await withTaskGroup(of: Bool?.self) { group in
            group.addTask { await self.commitWaiting(deadline: deadline) }
            group.addTask {
                await self.commitLocally(until: BootClock.now() + deadline)
                return nil
            }
            var hasReturned = false
            for await result in group {
                // Without a session for it the others' commits are helped all the same, until the deadline.
                guard result == true else { continue }
                hasReturned = true
                group.cancelAll()
            }
            return hasReturned
        }
    }

    private nonisolated func commitWaiting(deadline: Duration) async -> Bool {
        do throws(PostgresError) {
            try await commitAsClient(deadline: deadline)
            return true
        } catch {
            return false
        }
    }

    /// Commits a transaction that changes nothing, as a client does: it waits for standbys where a client's would.
    ///
    /// - Throws: ``PostgresError``: whether it is committed is not known; one that waits for standbys may wait on.
    public nonisolated func commitAsClient(deadline: Duration) async throws(PostgresError) {
        let end = BootClock.now() + deadline
        // A login is over within seconds, however long the commit may take.
        let connection = try await openConfirming(deadline: min(deadline, .seconds(10)))
        _ = try await connection.query(
            Self.emptyTransaction(waiting: "on"), deadline: max(end - BootClock.now(), .milliseconds(1)))
        await connection.close()
    }

    /// Commits again and again, and waits for nobody.
    private nonisolated func commitLocally(until end: BootInstant) async {
        var pause = Duration.milliseconds(10)
        do {
            let connection = try await openConfirming(deadline: max(end - BootClock.now(), .milliseconds(1)))
            while BootClock.now() < end {
                _ = try await connection.query(
                    Self.emptyTransaction(waiting: "local"), deadline: max(end - BootClock.now(), .milliseconds(1)))
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(200))
            }
            await connection.close()
        } catch {
            // Cancelled once the other one has returned, or the server has just gone, which the next look of the loop finds.
            return
        }
    }

    private nonisolated func openConfirming(deadline: Duration) async throws(PostgresError) -> PostgresConnection {
        try await openLocal(application: "matriarch confirmations", statementTimeout: nil, deadline: deadline)
    }

    /// One implicit transaction. The message makes it write a commit record and wait; without `wal_level` logical nobody reads
    /// it, and with it only who asks for messages.
    static func emptyTransaction(waiting: String) -> String {
        "SET LOCAL synchronous_commit = \(waiting); SELECT pg_logical_emit_message(true, 'matriarch', '')"
    }
}
