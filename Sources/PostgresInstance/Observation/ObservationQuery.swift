import PostgresClient
import PostgresConfiguration
import ServerControl
import Units

/// The one statement that observes a server, and its reading.
///
/// Rows of several kinds share fifteen text columns, so that everything belongs to one snapshot and one round trip.
///
/// It asks the functions below PostgreSQL's views: whoever may log in may lock `pg_settings`. The one thing it needs of a
/// catalog, a role's name, is in the session's cache after the first time.
enum ObservationQuery {
    private static let width = 15
    private static let timeFormat = "'YYYY-MM-DD HH24:MI:SS.US'"

    /// Functions that exist in one role only stand behind `CASE`: PostgreSQL evaluates just the branch taken.
    static let text: String = {
        let server = select(
            "server",
            [
                "pg_is_in_recovery()",
                """
                CASE WHEN pg_is_in_recovery() THEN greatest(
                    (SELECT received_tli FROM pg_stat_get_wal_receiver()),
                    (SELECT timeline_id FROM pg_control_checkpoint()),
                    (SELECT min_recovery_end_timeline FROM pg_control_recovery()))
                ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint END
                """,
                "(SELECT system_identifier FROM pg_control_system())",
                "CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn() END",
                "CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END",
                "pg_last_wal_receive_lsn()",
                "(SELECT written_lsn FROM pg_stat_get_wal_receiver())",
                "pg_last_wal_replay_lsn()",
                "CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END",
                "current_setting('server_version_num')",
                "to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', \(timeFormat)) || '+00:00'",
                "current_setting('synchronous_standby_names')",
                """
                CASE WHEN pg_is_in_recovery() THEN
                    to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', \(timeFormat)) || '+00:00' END
                """,
                "current_setting('restore_command') <> ''",
            ])
        let receiver = select(
            "receiver", ["status", "sender_host", "sender_port", "slot_name", "received_tli"],
            from: "pg_stat_get_wal_receiver() WHERE pid IS NOT NULL")
        let standby = select(
            "standby",
            [
                "a.application_name", "host(a.client_addr)", "w.state", "w.sent_lsn", "w.write_lsn", "w.flush_lsn",
                "w.replay_lsn", "w.sync_state", "pg_get_userbyid(a.usesysid)", "w.sync_priority",
            ], from: "pg_stat_get_wal_senders() w JOIN pg_stat_get_activity(NULL) a ON a.pid = w.pid")
        let slot = select(
            "slot", ["slot_name", "slot_type", "active", "temporary", "restart_lsn", "wal_status"],
            from: "pg_get_replication_slots()")
        let pending = select(
            "pending",
            [
                "name", "setting",
                """
                (SELECT f.setting FROM pg_show_all_file_settings() f WHERE f.name = s.name ORDER BY f.seqno DESC LIMIT 1)
                """,
            ], from: "pg_show_all_settings() s WHERE pending_restart")
        return [server, receiver, standby, slot, pending].joined(separator: "\nUNION ALL ")
    }()

    private static func select(_ kind: String, _ expressions: [String], from: String? = nil) -> String {
        let columns =
            expressions.map { "(\($0))::text" }
            + Array(repeating: "NULL::text", count: max(0, width - 1 - expressions.count))
        return "SELECT '\(kind)'::text, " + columns.joined(separator: ", ") + (from.map { " FROM \($0)" } ?? "")
    }

    /// - Throws: ``PostgresError`` `.unexpectedAnswer` when the server's own row is missing or malformed.
    static func read(_ result: QueryResult) throws(PostgresError) -> ServerStatus {
        func rows(_ kind: String) -> [Row] {
            result.rows.filter { $0.first == kind }.map { Row(values: Array($0.dropFirst())) }
        }
        guard let server = rows("server").first, let timeline = server.number(1).map({ UInt32(clamping: $0) }),
            let identifier = server[2], let version = server.number(9)
        else {
            throw PostgresError(.unexpectedAnswer, "the server's observation has no server row")
        }
        return ServerStatus(
            isInRecovery: server.flag(0), timeline: Timeline(rawValue: timeline), systemIdentifier: identifier,
            insertPosition: server.position(3), flushPosition: server.position(4), receivePosition: server.position(5),
            writtenPosition: server.position(6), replayPosition: server.position(7), replayedTimestamp: server[12],
            hasRestoreCommand: server.flag(13), isReplayPaused: server.flag(8),
            version: ServerVersion(number: version), postmasterStartTime: server[10] ?? "",
            synchronousStandbyNames: server[11] ?? "",
            receiver: rows("receiver").first.map { row in
                ServerStatus.Receiver(
                    status: row[0] ?? "", host: row[1], port: row.number(2), slot: row[3],
                    timeline: row.number(4).map { Timeline(rawValue: UInt32(clamping: $0)) })
            },
            standbys: rows("standby").map { row in
                ServerStatus.Standby(
                    userName: row[8] ?? "", applicationName: row[0] ?? "", address: row[1], state: row[2] ?? "",
                    sent: row.position(3),
                    written: row.position(4), flushed: row.position(5), replayed: row.position(6),
                    synchronousState: row[7] ?? "async", synchronousPriority: row.number(9) ?? 0)
            },
            slots: rows("slot").map { row in
                ServerStatus.Slot(
                    name: row[0] ?? "", isPhysical: row[1] == "physical", isActive: row.flag(2),
                    isTemporary: row.flag(3), restartPosition: row.position(4), walStatus: row[5])
            },
            pendingRestart: rows("pending").map { row in
                PendingSetting(name: row[0] ?? "", oldValue: row[1] ?? "", newValue: row[2] ?? "")
            })
    }

    private struct Row {
        let values: [String?]

        subscript(index: Int) -> String? { values.indices.contains(index) ? values[index] : nil }
        func number(_ index: Int) -> Int? { self[index].flatMap { Int($0) } }
        func position(_ index: Int) -> LSN? { self[index].flatMap { LSN($0) } }
        /// `boolean::text` is `true` or `false`.
        func flag(_ index: Int) -> Bool { self[index] == "true" }
    }
}
