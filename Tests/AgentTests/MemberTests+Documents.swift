import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// What tools read of real members over REST.
extension MemberTests {
    @Test
    func `under load a standby never says that it replayed more than it received, and tells its last transaction`()
        async throws
    {
        try await withThree { cluster, before in
            try await RowWriter.prepare(on: before.leader)
            let writer = RowWriter(to: [before.leader])
            await writer.start()
            let standby = before.standbys[0]
            var times: Set<String> = []
            try await eventually(within: .seconds(30), "it tells another transaction, five times") {
                let log = try await standby.document("/patroni")["xlog"]
                // Before the agent's first look at its server the document has none of it.
                guard let received = log?["received_location"]?.int64Value,
                    let replayed = log?["replayed_location"]?.int64Value
                else { return false }
                #expect(received >= replayed && replayed > 0)
                if let time = log?["replayed_timestamp"]?.stringValue { times.insert(time) }
                return times.count >= 5
            }
            await writer.stop()
            for time in times {
                // As Patroni writes it: 2026-11-20 20:01:00.512345+00:00.
                #expect(time.utf8.count == 32 && time.hasSuffix("+00:00"), "\(time)")
                let isRecent = "SELECT '\(time)'::timestamptz BETWEEN now() - interval '2 minutes' AND now()"
                #expect(try await before.leader.query(isRecent).scalar == "t", "\(time)")
            }
            #expect(try await before.leader.document("/patroni").value(at: "xlog", "replayed_timestamp") == nil)
        }
    }

    @Test func `the document of the cluster says at a standby, too, who waits for a restart, and no lag nobody knows`()
        async throws
    {
        try await withThree { cluster, before in
            let (asked, other) = (before.standbys[0], before.standbys[1])
            let former = try #require(try await cluster.annotations(.configuration)["config"])
            var changed = Self.configuration
            changed["postgresql"] = ["parameters": ["shared_buffers": "16MB", "max_connections": 31]]
            try await cluster.annotate(.configuration, ["config": .string(changed.serialized())])
            for member in [asked, before.leader] {
                try await eventually(
                    within: .seconds(20), "\(member.name) says that all wait", { try await member.document("/cluster") }
                ) { document in
                    (document["members"]?.arrayValue ?? []).count {
                        $0["pending_restart"] == true
                            && $0.value(at: "pending_restart_reason", "max_connections", "old_value") == "30"
                            && $0.value(at: "pending_restart_reason", "max_connections", "new_value") == "31"
                    } == 3
                }
            }
            try await cluster.annotate(.configuration, ["config": .string(former)])
            try await eventually(
                within: .seconds(20), "nobody waits any more", { try await asked.document("/cluster") }
            ) { document in
                !(document["members"]?.arrayValue ?? []).contains {
                    $0.value(at: "pending_restart_reason", "max_connections") != nil
                }
            }
            // What the other one published is of before this.
            try await RowWriter.prepare(on: before.leader)
            try await before.leader.query("INSERT INTO written SELECT generate_series(1, 20000)")
            try await eventually(
                within: .seconds(15), "it knows its own lag, and not the other's",
                { try await asked.document("/cluster") }
            ) { document in
                document.member(other.name)?["lag"] == "unknown" && document.member(other.name)?["state"] == "streaming"
                    && document.member(asked.name)?["lag"]?.int64Value == 0
                    && document.member(asked.name)?["state"] == "streaming"
            }
            try await eventually(
                within: .seconds(15), "the leader sees it", { try await before.leader.document("/cluster") }
            ) { $0.member(other.name)?["replay_lag"]?.int64Value == 0 }
        }
    }

    @Test func `a standby without a stream that has an archive says so in each place`() async throws {
        var configuration = Self.configuration
        configuration["postgresql"] = [
            "parameters": ["shared_buffers": "16MB", "max_connections": 30, "restore_command": "false"]
        ]
        try await with(2, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let leadership = try await cluster.healthy()
            let quiet = leadership.standbys[0]
            // The leader's server knows of the stream before the standby's agent has looked.
            try await eventually(within: .seconds(10), "it says that it streams") {
                try await quiet.document("/patroni")["replication_state"] == "streaming"
            }
            try cluster.writeTags([quiet.name: ["nostream": true]])
            let state = JSONValue.string("in archive recovery")
            try await eventually(within: .seconds(20), "it says so") {
                let shown = try await leadership.leader.document("/cluster").member(quiet.name)
                let own = try await quiet.document("/patroni")["replication_state"]
                let published = try await cluster.memberStatus(quiet)["replication_state"]
                return own == state && published == state && shown?["state"] == state && shown?["lag"] == "unknown"
            }
            #expect(try await quiet.get("/replica?replication_state=in%20archive%20recovery").status == 200)
            #expect(try await quiet.get("/metrics").text.contains("patroni_postgres_in_archive_recovery{"))
            #expect(try await leadership.leader.document("/patroni")["replication_state"] == nil)
        }
    }

    @Test func `the leader tells in which order its commits wait for its standbys`() async throws {
        try await synchronous(2, mode: "on", expecting: 1) { _, before in
            try await eventually(
                within: .seconds(20), "the standby is the first of them",
                { try await before.leader.document("/patroni")["replication"] ?? .null }
            ) {
                $0.arrayValue?.count == 1 && $0.arrayValue?.first?["sync_state"] == "sync"
                    && $0.arrayValue?.first?["sync_priority"]?.int64Value == 1
            }
        }
    }
}

extension MemberProcess {
    fileprivate func document(_ path: String) async throws -> JSONValue {
        let answer = try await get(path)
        try #require(answer.status == 200, "\(path): \(answer)")
        return try JSONValue(parsing: answer.text)
    }
}

extension JSONValue {
    /// Of the document of the cluster.
    fileprivate func member(_ name: String) -> JSONValue? {
        self["members"]?.arrayValue?.first { $0["name"]?.stringValue == name }
    }
}
