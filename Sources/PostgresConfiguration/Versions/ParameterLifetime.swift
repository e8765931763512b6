/// In which major versions of PostgreSQL a parameter exists.
///
/// The table holds what came or went between 13 and 18, by the release notes; a test compares it with each server it meets.
/// Left out is what minor releases brought, and what only shows something. Other names are the server's own business:
/// extensions bring some, and it refuses what it does not know.
public struct ParameterLifetime: Hashable, Sendable {
    /// The first version that has it; nil: older than 13.
    public let first: Int?
    /// The last version that has it; nil: it is there still.
    public let last: Int?

    private static let arrivals: [Int: [String]] = [
        14: [
            "client_connection_check_interval", "compute_query_id", "debug_discard_caches", "default_toast_compression",
            "enable_async_append", "enable_memoize", "huge_page_size", "idle_session_timeout",
            "log_recovery_conflict_waits", "min_dynamic_shared_memory", "recovery_init_sync_method",
            "remove_temp_files_after_crash", "ssl_crl_dir", "track_wal_io_timing", "vacuum_failsafe_age",
            "vacuum_multixact_failsafe_age",
        ],
        15: [
            "archive_library", "log_startup_progress_interval", "recovery_prefetch", "recursive_worktable_factor",
            "stats_fetch_consistency", "wal_decode_buffer_size",
        ],
        16: [
            "createrole_self_grant", "debug_io_direct", "debug_logical_replication_streaming", "debug_parallel_query",
            "enable_presorted_aggregate", "gss_accept_delegation", "icu_validation_level",
            "max_parallel_apply_workers_per_subscription", "reserved_connections", "scram_iterations",
            "send_abort_for_crash", "send_abort_for_kill", "vacuum_buffer_usage_limit",
        ],
        17: [
            "allow_alter_system", "commit_timestamp_buffers", "enable_group_by_reordering", "event_triggers",
            "io_combine_limit", "max_notify_queue_pages", "multixact_member_buffers", "multixact_offset_buffers",
            "notify_buffers", "serializable_buffers", "subtransaction_buffers", "summarize_wal",
            "sync_replication_slots", "synchronized_standby_slots", "trace_connection_negotiation",
            "transaction_buffers", "transaction_timeout", "wal_summary_keep_time",
        ],
        18: [
            "autovacuum_vacuum_max_threshold", "autovacuum_worker_slots", "enable_distinct_reordering",
            "enable_self_join_elimination", "extension_control_path", "file_copy_method",
            "idle_replication_slot_timeout", "io_max_combine_limit", "io_max_concurrency", "io_method", "io_workers",
            "log_lock_failures", "max_active_replication_origins", "md5_password_warnings",
            "oauth_validator_libraries", "ssl_groups", "ssl_tls13_ciphers", "track_cost_delay_timing",
            "vacuum_max_eager_freeze_failure_rate", "vacuum_truncate",
        ],
    ]

    /// By the last version that has them. A renamed one that is understood still (`ssl_ecdh_curve`) has not gone.
    private static let departures: [Int: [String]] = [
        12: ["wal_keep_segments"],
        13: ["operator_precedence_warning", "vacuum_cleanup_index_scale_factor"],
        14: ["stats_temp_directory"],
        15: ["force_parallel_mode", "promote_trigger_file", "vacuum_defer_cleanup_age"],
        16: ["db_user_namespace", "old_snapshot_threshold", "trace_recovery_messages"],
    ]

    /// By parameter.
    public static let all: [String: ParameterLifetime] = {
        let came = arrivals.flatMap { version, names in
            names.map { ($0, ParameterLifetime(first: version, last: nil)) }
        }
        let went = departures.flatMap { version, names in
            names.map { ($0, ParameterLifetime(first: nil, last: version)) }
        }
        return Dictionary(came + went, uniquingKeysWith: { first, _ in first })
    }()

    /// Whether a server of this version has it.
    public func includes(_ version: ServerVersion) -> Bool {
        (first ?? 0) <= version.major && version.major <= (last ?? .max)
    }

    /// Whether a server of `version` may know the parameter; also true of names that are in no table.
    public static func exists(_ name: String, in version: ServerVersion) -> Bool {
        all[name]?.includes(version) ?? true
    }

    /// Why a server of `version` would refuse the parameter; nil when it has it, or nothing is known of it.
    public static func rule(against name: String, in version: ServerVersion) -> String? {
        guard let lifetime = all[name], !lifetime.includes(version) else { return nil }
        let why =
            lifetime.first.map { "it came with PostgreSQL \($0)" }
            ?? "PostgreSQL \(lifetime.last ?? 0) was the last version with it"
        return "does not exist in PostgreSQL \(version.major): \(why)"
    }
}
