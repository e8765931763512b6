import Fence
import PostgresClient
public import Units

extension PostgresInstance {
    /// What a member promised in an election, as it was written; nil when nothing was.
    public nonisolated var promise: String? { FileSystem.readIfPresent(data.promiseFile) }

    /// Keeps a promise over a restart of the agent, the server and the machine; nil takes it back.
    ///
    /// - Guarantees: when this returns it is on disk.
    public func keepPromise(_ text: String?) throws {
        try requireVolume()
        guard let text else { return try FileSystem.remove(data.promiseFile) }
        try FileSystem.write(text, to: data.promiseFile, mode: 0o600, owner: layout.runAs)
    }

    /// Waits until a standby that was told to follow nobody receives nothing more.
    ///
    /// - Requires: its configuration has no upstream any more, and was reloaded.
    /// - Guarantees: when this returns no walreceiver exists and none will be started.
    /// - Returns: the end of everything this server has confirmed to anybody, read in the statement that found it complete:
    ///   a server that recovers after that may show less for a while.
    /// - Throws: ``PostgresError`` `.timeout`; then nothing may be said of its position.
    public func waitUntilReceivingEnds(deadline: Duration) async throws -> LSN {
        let start = BootClock.now()
        var quietSince = start
        while true {
            let left = max(start + deadline - BootClock.now(), .milliseconds(1))
            let connection = try await openObserver(deadline: left)
            let row = try await connection.query(Self.receivingQuestion, deadline: left).rows.first ?? []
            let now = BootClock.now()
            let receiver = row.first ?? nil
            let position = row.count > 3 ? row[3].flatMap { LSN($0) } ?? .invalid : .invalid
            if receiver == nil {
                // The startup process has read everything there is and found nobody to ask for more.
                if row.count > 1, row[1] == "RecoveryRetrieveRetryInterval" { return position }
                // It replays, or is paused, with everything received on disk: nothing new for long enough will do.
                if row.count > 2, row[2] == "true", now - quietSince > .milliseconds(200) { return position }
            } else {
                quietSince = now
                // Paused replay never comes to end its walreceiver; ended, it is not started again without an upstream.
                if now - start > .milliseconds(400) {
                    _ = try await connection.query(
                        "SELECT pg_terminate_backend($1::int)", parameters: [receiver ?? "0"], deadline: left)
                }
            }
            guard now - start < deadline else {
                throw PostgresError(.timeout, "a walreceiver still runs \(deadline) after it was told to end")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// The walreceiver's process counts, not its view: that shows none while one is still connecting.
    private static let receivingQuestion = """
        SELECT (SELECT min(pid)::text FROM pg_stat_get_activity(NULL) WHERE backend_type = 'walreceiver'),
               (SELECT min(wait_event) FROM pg_stat_get_activity(NULL) WHERE backend_type = 'startup'),
               (pg_last_wal_receive_lsn() IS NOT NULL)::text,
               greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text
        """
}
