import AgentShell
import HighAvailability
import Observability
import PostgresConfiguration
import Units

/// The agent's metrics: Patroni's names, so that existing dashboards work, and ours.
enum AgentMetrics {
    /// Registers everything that is read from the snapshot at the time of a scrape.
    static func register(
        in registry: MetricsRegistry, clock: any AgentClock, snapshot: @escaping @Sendable () -> MemberSnapshot?
    ) {
        ProcessMetrics.register(in: registry)
        registry.addCollector { snapshot().map { families($0, at: clock.now) } ?? [] }
    }

    private static func families(_ member: MemberSnapshot, at now: BootInstant) -> [MetricSnapshot] {
        let leads = member.lockExpiry.map { now < $0 } ?? false
        let running = member.state == .running
        let identity = [
            MetricSnapshot.Label(name: "scope", value: member.scope),
            MetricSnapshot.Label(name: "name", value: member.name),
        ]
        var list: [MetricSnapshot] = []
        func add(_ name: String, _ help: String, _ value: Double, type: String = "gauge") {
            list.append(
                MetricSnapshot(
                    name: name, help: help, typeName: type,
                    samples: [MetricSnapshot.Sample(labels: identity, value: value)]))
        }
        func add(_ name: String, _ help: String, _ value: Bool) { add(name, help, value ? 1 : 0) }

        add("patroni_version", "Version of the agent as a padded number.", 100)
        add("patroni_postgres_running", "Whether PostgreSQL runs.", running)
        let isStandbyLeader = member.role == .standbyLeader
        add(
            "patroni_primary", "Whether this member is the primary and holds the lock.",
            leads && running && !isStandbyLeader)
        add(
            "patroni_standby_leader", "Whether this member leads a standby cluster and holds the lock.",
            leads && running && isStandbyLeader)
        add("patroni_replica", "Whether this member is a running replica.", running && member.role == .replica)
        add(
            "patroni_xlog_location", "Write position of the primary in bytes.",
            Double(member.location?.rawValue ?? 0), type: "counter")
        add(
            "patroni_xlog_received_location", "Received position of the replica in bytes.",
            Double(member.received?.rawValue ?? 0), type: "counter")
        add(
            "patroni_xlog_replayed_location", "Replayed position of the replica in bytes.",
            Double(member.replayed?.rawValue ?? 0), type: "counter")
        add("patroni_xlog_paused", "Whether replay is paused.", member.isReplayPaused)
        add("patroni_postgres_streaming", "Whether the replica streams.", member.replicationState == "streaming")
        add(
            "patroni_postgres_in_archive_recovery",
            "Whether the replica has its WAL from an archive, and does not stream.",
            member.replicationState == "in archive recovery")
        add("patroni_postgres_server_version", "server_version_num.", Double(member.serverVersion ?? 0))
        add("patroni_postgres_timeline", "Timeline of the server.", Double(member.timeline?.rawValue ?? 0))
        add("patroni_cluster_unlocked", "Whether nobody holds the lock.", member.isClusterUnlocked)
        add(
            "patroni_failsafe_mode_is_active", "Whether the leader goes on by its members' consent.",
            member.isFailsafeActive)
        add("patroni_is_paused", "Whether the cluster is paused.", member.isPaused)
        add("patroni_pending_restart", "Whether a setting waits for a restart.", !member.pendingRestart.isEmpty)
        if let failures = member.checksumFailures {
            add(
                "matriarch_postgres_checksum_failures_total",
                "How often a page that was read did not have its checksum, since the server's statistics began.",
                Double(failures), type: "counter")
        }
        add("patroni_postgres_state", "State of the server by number.", Double(member.state.number))
        add(
            "patroni_dcs_last_seen", "Unix time of the last contact with the store.",
            Double(member.storeSeenEpochSeconds))
        if let expiry = member.lockExpiry {
            add(
                "matriarch_lock_remaining_seconds", "Until the lock of this leader is fenced.", (expiry - now).inSeconds
            )
        }
        if let takeover = member.takeover {
            let phases = [
                ("silence", takeover.silence), ("election", takeover.election), ("promotion", takeover.promotion),
                ("first_write", takeover.firstWrite),
            ]
            list.append(
                MetricSnapshot(
                    name: "matriarch_takeover_seconds",
                    help: "How long each phase took of the takeover by which this member leads.", typeName: "gauge",
                    samples: phases.map { phase, duration in
                        MetricSnapshot.Sample(
                            labels: identity + [MetricSnapshot.Label(name: "phase", value: phase)],
                            value: duration.inSeconds)
                    }))
        }
        return list
    }
}
