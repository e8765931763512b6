import Glibc
import HighAvailability
import KubernetesModels
import PostgresClient
import TestSupport
import Testing
import Units

/// What a failover may have cost is in the store, with its range of WAL, before anybody could ask.
extension MemberTests {
    @Test func `what a dead leader had alone is recorded before the rewind, with its range and its commits`()
        async throws
    {
        try await withThree { cluster, before in
            let old = before.leader
            try await RowWriter.prepare(on: old)
            try await cluster.healthy()
            for process in old.postgresProcesses(titled: "walsender") { kill(process, SIGSTOP) }
            try await old.query("INSERT INTO written VALUES (2), (3)")
            try await old.query("INSERT INTO written VALUES (4)")
            let end = try #require(try await old.query("SELECT pg_current_wal_flush_lsn()").scalar.flatMap { LSN($0) })
            try await old.destroy()
            let after = try await cluster.healthy(of: 2)
            let report = try await cluster.report("matriarch.dev/failover-loss") { $0["from"] == .string(old.name) }
            #expect(report["verdict"] == "possible")
            #expect(report["to"] == .string(after.leader.name))
            #expect(report["timeline"]?.intValue == before.timeline)
            let start = try #require(report["start"]?.stringValue.flatMap { LSN($0) })
            #expect(start < end)

            try old.start()
            try await cluster.healthy()
            let abandoned = try await cluster.report("abandoned.matriarch.dev/\(old.name)") {
                $0["leader"] == .string(after.leader.name)
            }
            #expect(abandoned["timeline"]?.intValue == before.timeline)
            #expect(abandoned["start"] == report["start"])
            let found = try #require(abandoned["end"]?.stringValue.flatMap { LSN($0) })
            #expect(found >= end)
            // The checkpoint of its recovery, and at most what a background process wrote meanwhile.
            #expect(found.bytes(since: end) < ByteCount(rawValue: 8192))
            let commits = try #require(abandoned["commits"]?.intValue)
            #expect((2...3).contains(commits), "\(commits)")
            // Where the new timeline begins is the new leader's own history's word, too.
            let history = TimelineSwitchText(try await cluster.annotations(.configuration)["history"])
            #expect(history.lastPosition == start)
        }
    }

    /// The runbook on data loss saves WAL by it.
    @Test func `a dead leader that comes back to a paused cluster keeps its WAL until it is resumed`() async throws {
        try await withThree { cluster, before in
            let old = before.leader
            try await RowWriter.prepare(on: old)
            try await cluster.healthy()
            for process in old.postgresProcesses(titled: "walsender") { kill(process, SIGSTOP) }
            try await old.query("INSERT INTO written VALUES (2), (3)")
            let end = try #require(try await old.query("SELECT pg_current_wal_flush_lsn()").scalar.flatMap { LSN($0) })
            try await old.destroy()
            try await cluster.healthy(of: 2)
            var paused = Self.configuration
            paused["pause"] = true
            try await cluster.annotate(.configuration, ["config": .string(paused.serialized())])

            let offset = old.logEnd
            try old.start()
            try await eventually(within: .seconds(15), "it waits for the resume", { old.logTail }) { _ in
                old.hasSaid("PAUSE: postgres is not running", since: offset)
            }
            // Longer than a rewind takes to begin: one does within a loop.
            try await holds(for: .seconds(3), "no server and no tool runs on its data") {
                old.postgresProcesses.isEmpty
            }
            try await cluster.setPaused(false)
            try await cluster.healthy()
            let abandoned = try await cluster.report("abandoned.matriarch.dev/\(old.name)") {
                $0["timeline"]?.intValue == before.timeline
            }
            #expect(try #require(abandoned["end"]?.stringValue.flatMap { LSN($0) }) >= end)
        }
    }

    @Test func `a leader that was stopped in order has lost nothing, and says so when it is back`() async throws {
        try await withThree { cluster, before in
            let old = before.leader
            old.terminate()
            let after = try await cluster.healthy(of: 2)
            let report = try await cluster.report("matriarch.dev/failover-loss") {
                $0["to"] == .string(after.leader.name) && $0["timeline"]?.intValue == before.timeline
            }
            #expect(report["verdict"] == "complete")
            try old.start()
            try await cluster.healthy()
            let abandoned = try await cluster.report("abandoned.matriarch.dev/\(old.name)") {
                $0["timeline"]?.intValue == before.timeline
            }
            #expect(abandoned["start"] == report["start"])
            #expect(abandoned["end"] == report["start"])
            #expect(abandoned["commits"] == 0)
        }
    }
}

/// Patroni's history: `[[timeline, position, …], …]`.
private struct TimelineSwitchText {
    let lastPosition: LSN?

    init(_ text: String?) {
        // Absent or broken: no position, which no expectation accepts.
        let entries = text.flatMap { try? JSONValue(parsing: $0) }?.arrayValue ?? []
        lastPosition = entries.last?[1]?.int64Value.map { LSN(rawValue: UInt64($0)) }
    }
}

extension MemberCluster {
    /// A JSON annotation of the configuration object, once it is as wanted.
    fileprivate func report(_ key: String, _ isWanted: (JSONValue) -> Bool) async throws -> JSONValue {
        try await eventually(
            within: .seconds(20), "the report \(key)",
            {
                guard let text = try await annotations(.configuration)[key] else { return .null }
                return try JSONValue(parsing: text)
            }, until: isWanted)
    }
}
