import AgentShell
import ClusterRecords
import HighAvailability
import PostgresConfiguration
import Units

extension ClusterOverview {
    /// The body of `/cluster`, member by member in Patroni's order; members sorted by name.
    func document(scope: String) -> OrderedJSON {
        var result: [(String, OrderedJSON)] = [
            ("members", .array(members.sorted { $0.name < $1.name }.map(document)))
        ]
        if isPaused { result.append(("pause", true)) }
        if let scheduledSwitchover {
            var request: [(String, OrderedJSON)] = [("at", .string(scheduledSwitchover.at))]
            if let from = scheduledSwitchover.from { request.append(("from", .string(from))) }
            if let to = scheduledSwitchover.to { request.append(("to", .string(to))) }
            result.append(("scheduled_switchover", .object(request)))
        }
        result.append(("scope", .string(scope)))
        return .object(result)
    }

    private func document(_ entry: Entry) -> OrderedJSON {
        let isLeader = entry.name == leader
        let state = isLeader ? entry.state : entry.replicationState ?? entry.state
        var members: [(String, OrderedJSON)] = [
            ("name", .string(entry.name)), ("role", .string(shownRole(entry))), ("state", .string(state)),
            ("api_url", .string(entry.apiURL)),
        ]
        if let host = entry.host {
            members.append(("host", .string(host)))
            if let port = entry.port { members.append(("port", .int(Int64(port)))) }
        }
        if let timeline = entry.timeline { members.append(("timeline", .int(Int64(timeline.rawValue)))) }
        if entry.isRestartPending { members.append(("pending_restart", true)) }
        if !entry.pendingRestart.isEmpty {
            members.append(("pending_restart_reason", .pendingRestart(entry.pendingRestart)))
        }
        if !entry.tags.isEmpty { members.append(("tags", .tags(entry.tags))) }
        if !isLeader {
            members += lag("receive_", entry.received) + lag("replay_", entry.replayed) + lag("", entry.position)
        }
        return .object(members)
    }

    private func shownRole(_ entry: Entry) -> String {
        if entry.name == leader { return entry.role == .standbyLeader ? "standby_leader" : "leader" }
        guard synchronousStandbys.contains(entry.name) else { return "replica" }
        return isQuorumMode ? "quorum_standby" : "sync_standby"
    }

    /// Bytes behind what the leader published; a position ahead of that is no lag.
    private func lag(_ prefix: String, _ position: LSN?) -> [(String, OrderedJSON)] {
        guard let position, position > .invalid else {
            return [("\(prefix)lag", "unknown"), ("\(prefix)lsn", "unknown")]
        }
        let bytes = (leaderPosition ?? .invalid).bytes(since: position)
        return [("\(prefix)lag", .position(bytes.rawValue)), ("\(prefix)lsn", .string(position.description))]
    }
}
