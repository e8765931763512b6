import AgentShell
import ClusterRecords

extension ReplicationConnection {
    var json: OrderedJSON {
        .object([
            ("usename", .string(userName)), ("application_name", .string(applicationName)),
            ("client_addr", clientAddress.map { .string($0) } ?? .null), ("state", .string(state)),
            ("sync_state", .string(syncState)), ("sync_priority", .int(Int64(syncPriority))),
        ])
    }
}
