/// Parameters that take effect at server start only (`pg_settings.context = 'postmaster'`, PostgreSQL 13 to 18).
///
/// Used to tell a restart from a reload before the server was asked; `pg_settings.pending_restart` has the last word.
public enum RestartOnlyParameters {
    public static func contains(_ name: String, in version: ServerVersion) -> Bool {
        names.contains(name) && version.major <= lastVersion[name] ?? .max
    }

    /// By the last version in which a restart was needed.
    private static let lastVersion = ["restore_command": 13, "autovacuum_max_workers": 17]

    /// In any version; whether it has them is ``ParameterLifetime``'s.
    static let names: Set<String> = [
        "archive_mode", "autovacuum_freeze_max_age", "autovacuum_max_workers",
        "autovacuum_multixact_freeze_max_age", "autovacuum_worker_slots", "bonjour", "bonjour_name", "cluster_name",
        "commit_timestamp_buffers", "config_file", "data_directory", "data_sync_retry", "debug_io_direct",
        "dynamic_shared_memory_type", "event_source", "external_pid_file", "hba_file", "hot_standby",
        "huge_page_size", "huge_pages", "ident_file", "ignore_invalid_pages", "io_max_combine_limit",
        "io_max_concurrency", "io_method", "jit_provider", "listen_addresses", "logging_collector",
        "max_active_replication_origins", "max_connections", "max_files_per_process", "max_locks_per_transaction",
        "max_logical_replication_workers", "max_notify_queue_pages", "max_pred_locks_per_transaction",
        "max_prepared_transactions", "max_replication_slots", "max_wal_senders", "max_worker_processes",
        "min_dynamic_shared_memory", "multixact_member_buffers", "multixact_offset_buffers", "notify_buffers",
        "old_snapshot_threshold", "port", "recovery_target", "recovery_target_action", "recovery_target_inclusive",
        "recovery_target_lsn", "recovery_target_name", "recovery_target_time", "recovery_target_timeline",
        "recovery_target_xid", "reserved_connections", "restore_command", "serializable_buffers", "shared_buffers",
        "shared_memory_type", "shared_preload_libraries", "subtransaction_buffers",
        "superuser_reserved_connections", "trace_connection_negotiation", "track_activity_query_size",
        "track_commit_timestamp", "transaction_buffers", "unix_socket_directories", "unix_socket_group",
        "unix_socket_permissions", "wal_buffers", "wal_decode_buffer_size", "wal_level", "wal_log_hints",
    ]
}
