import AgentShell
import ClusterRecords
import HighAvailability
import PostgresConfiguration
import Units

extension MemberSnapshot {
    /// The body of `/patroni` and of the health paths, member by member in Patroni's order.
    ///
    /// Flags appear only when they are true. Other agents and tools read it during elections, so it is a wire protocol.
    func document(at now: BootInstant) -> OrderedJSON {
        var members: [(String, OrderedJSON)] = []
        if isAnswering {
            members += postgresMembers(at: now)
        } else {
            // Patroni knows a running server that does not answer as "unknown".
            members.append(("state", .string(state == .running ? "unknown" : state.rawValue)))
            members.append(("role", .string(role.rawValue)))
        }
        if isPaused { members.append(("pause", true)) }
        if !isStoreFresh(at: now) || isClusterUnlocked { members.append(("cluster_unlocked", true)) }
        if isFailsafeActive { members.append(("failsafe_mode_is_active", true)) }
        if isWatchdogFailed { members.append(("watchdog_failed", true)) }
        members.append(("dcs_last_seen", .int(storeSeenEpochSeconds)))
        if !tags.isEmpty { members.append(("tags", .tags(tags))) }
        if let systemIdentifier { members.append(("database_system_identifier", .string(systemIdentifier))) }
        if !pendingRestart.isEmpty {
            members.append(("pending_restart", true))
            members.append(("pending_restart_reason", .pendingRestart(pendingRestart)))
        }
        members.append(
            ("patroni", .object([("version", .string(version)), ("scope", .string(scope)), ("name", .string(name))])))
        return .object(members)
    }

    private func postgresMembers(at now: BootInstant) -> [(String, OrderedJSON)] {
        func text(_ value: String?) -> OrderedJSON { value.map { .string($0) } ?? .null }
        func position(_ value: LSN?) -> OrderedJSON { .position(value?.rawValue ?? 0) }
        let isReplica = role != .primary
        var members: [(String, OrderedJSON)] = [
            ("state", .string(state.rawValue)), ("postmaster_start_time", text(postmasterStartTime)),
            ("role", .string(role.rawValue)), ("server_version", serverVersion.map { .int(Int64($0)) } ?? .null),
        ]
        let replica: OrderedJSON = .object([
            ("received_location", position(received ?? replayed)), ("replayed_location", position(replayed)),
            ("replayed_timestamp", text(replayedTimestamp)), ("paused", .bool(isReplayPaused)),
        ])
        members.append(("xlog", isReplica ? replica : .object([("location", position(location))])))
        // Of a record that was read too long ago nobody knows what became of it.
        let isRecorded = isReplica && isStoreFresh(at: now)
        if isRecorded && isSynchronousStandby { members.append(("sync_standby", true)) }
        if isRecorded && isQuorumStandby { members.append(("quorum_standby", true)) }
        members.append(("timeline", timeline.map { .int(Int64($0.rawValue)) } ?? .null))
        if isReplica, let replicationState { members.append(("replication_state", .string(replicationState))) }
        if !replication.isEmpty { members.append(("replication", .array(replication.map(\.json)))) }
        return members
    }
}
