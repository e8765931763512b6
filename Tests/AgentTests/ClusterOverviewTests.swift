import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesModels
import PostgresConfiguration
import Testing
import Units

@testable import AgentShell

/// What `/cluster` says of a member of which nothing is seen from here.
@Suite struct ClusterOverviewTests {
    private let leaderPosition = LSN(rawValue: 1000)
    private let timeline = Timeline(rawValue: 3)

    private func word(_ change: (inout MemberRecord) -> Void = { _ in }) -> MemberRecord {
        var record = MemberRecord(
            connectionURL: "postgres://10.0.0.8:5432/postgres", apiURL: "http://10.0.0.8:8008/patroni", state: .running,
            role: .replica, version: "0.1.0", timeline: timeline, replicationState: "streaming",
            position: leaderPosition)
        change(&record)
        return record
    }

    private func entry(
        _ record: MemberRecord, silence: Silence? = nil, leaderPosition: LSN?, leaderTimeline: Timeline?
    ) -> ClusterOverview.Entry {
        let member = Member(
            name: "demo-1", host: "10.0.0.8", apiURL: record.apiURL, role: record.role, state: record.state,
            timeline: record.timeline, isStreaming: record.isStreaming)
        return ClusterOverview.Entry(
            member, saying: MemberWord(record, silence: silence), leaderPosition: leaderPosition,
            leaderTimeline: leaderTimeline)
    }

    private func entry(_ record: MemberRecord, silence: Silence? = nil) -> ClusterOverview.Entry {
        entry(record, silence: silence, leaderPosition: leaderPosition, leaderTimeline: timeline)
    }

    @Test func `a published position is known to be that of now when it has come to the leader's, and else it is not`()
    {
        #expect(entry(word()).position == leaderPosition && entry(word()).received == leaderPosition)
        // How far it has replayed it does not publish.
        #expect(entry(word()).replayed == nil)
        let unknown = [
            entry(word { $0.position = LSN(rawValue: 999) }), entry(word { $0.position = nil }),
            // On another timeline the same number is another place.
            entry(word { $0.timeline = Timeline(rawValue: 2) }), entry(word { $0.timeline = nil }),
            entry(word { $0.replicationState = nil }), entry(word { $0.replicationState = "in archive recovery" }),
            entry(word(), silence: Silence(since: nil, cause: "its Pod is Failed")),
            entry(word(), leaderPosition: nil, leaderTimeline: timeline),
            entry(word(), leaderPosition: leaderPosition, leaderTimeline: nil),
        ]
        for entry in unknown { #expect(entry.position == nil && entry.received == nil, "\(entry)") }
        // Patroni's agents publish both, each time they look.
        let patroni = entry(word { ($0.received, $0.replayed) = (LSN(rawValue: 1001), LSN(rawValue: 1000)) })
        #expect(patroni.received == LSN(rawValue: 1001) && patroni.replayed == LSN(rawValue: 1000))
    }

    @Test func `where its WAL comes from is its own word, while something is heard of it`() {
        #expect(entry(word()).replicationState == "streaming")
        let archive = word { $0.replicationState = "in archive recovery" }
        #expect(entry(archive).replicationState == "in archive recovery")
        #expect(entry(archive, silence: Silence(since: nil, cause: "its node is not heard of")).replicationState == nil)
    }

    @Test func `what waits for its restart is its own word, with the values where it tells them`() {
        let setting = PendingSetting(name: "max_connections", oldValue: "100", newValue: "200")
        let told = entry(
            word {
                $0.isRestartPending = true
                $0.pendingRestart = [setting]
            })
        #expect(told.isRestartPending && told.pendingRestart == [setting])
        let untold = entry(word { $0.isRestartPending = true })
        #expect(untold.isRestartPending && untold.pendingRestart.isEmpty)
        #expect(!entry(word()).isRestartPending)
    }
}
