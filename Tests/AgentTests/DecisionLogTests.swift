import ClusterRecords
import HighAvailability
import Testing
import Units

@testable import AgentShell

/// What a member keeps of its decisions.
@Suite struct DecisionLogTests {
    private func note(
        _ log: inout DecisionLog, _ kind: DecisionRecord.Kind, _ what: String, _ reason: String = "so", at now: String
    ) {
        log.note(kind, what, because: reason, at: now) { ["seen": now] }
    }

    @Test func `what is decided again goes on, with what was seen at first`() {
        var log = DecisionLog()
        for second in 1...3 { note(&log, .decision, "lead", at: "\(second)") }
        #expect(
            log.records == [
                DecisionRecord(
                    .decision, what: "lead", reason: "so", saw: ["seen": "1"], since: "1", until: "3", count: 3)
            ])
        note(&log, .decision, "lead", "for another reason", at: "4")
        note(&log, .decision, "follow demo-1", at: "5")
        note(&log, .decision, "lead", "for another reason", at: "6")
        #expect(log.records.map(\.what) == ["lead", "lead", "follow demo-1", "lead"])
        #expect(log.records.map(\.count) == [3, 1, 1, 1])
    }

    /// A cluster without a leader for an hour must not drive out how it came to that.
    @Test func `a member that races in vain again and again keeps what led to it`() {
        var log = DecisionLog()
        note(&log, .decision, "follow demo-0", at: "0")
        for second in 1...900 {
            note(&log, .decision, "race", at: "\(second)")
            note(&log, .election, "stand back", at: "\(second)")
            note(&log, .failure, "leader race", at: "\(second)")
        }
        #expect(log.records.map(\.what) == ["follow demo-0", "race", "stand back", "leader race"])
        #expect(log.records.map(\.count) == [1, 900, 900, 900])
        // Of another decision it is another election.
        note(&log, .decision, "follow demo-1", at: "901")
        note(&log, .decision, "race", at: "902")
        note(&log, .election, "stand back", at: "902")
        #expect(log.records.map(\.what).suffix(3) == ["follow demo-1", "race", "stand back"])
    }

    @Test func `the oldest go when there are many`() {
        var log = DecisionLog()
        for number in 1...DecisionLog.capacity + 7 { note(&log, .decision, "\(number)", at: "0") }
        #expect(log.records.count == DecisionLog.capacity)
        #expect(log.records.first?.what == "8" && log.records.last?.what == "\(DecisionLog.capacity + 7)")
    }

    /// Fifty of them stand in memory, and go out to whoever asks.
    @Test func `long words are cut, and a list of all members is not`() {
        var log = DecisionLog()
        let members = (1...31).map { "demo-\($0) replica, running, timeline 1234567, streams" }.joined(separator: "; ")
        let long = String(repeating: "é", count: 5000)
        for now in ["1", "2"] {
            log.note(.decision, "go no further", because: long, at: now) { ["members": members, "server": long] }
        }
        #expect(log.records.count == 1 && log.records[0].count == 2)
        #expect(log.records[0].reason == String(repeating: "é", count: 199) + "…")
        #expect(log.records[0].saw == ["members": members, "server": String(repeating: "é", count: 1999) + "…"])
    }

    /// Whoever reaches the port reads it.
    @Test func `what a decision rests on has no secret of the settings`() {
        var view = ClusterView(
            initialization: .done(systemIdentifier: "7"),
            lock: LockRecord(version: "1", leader: "demo-0", epoch: 4, position: LSN(rawValue: 0x500_0000)),
            members: [
                "demo-0": Member(name: "demo-0", role: .primary, state: .running, timeline: Timeline(rawValue: 3))
            ],
            failover: FailoverRequest(leader: "demo-0", candidate: "demo-1"),
            synchronous: SynchronousState(leader: "demo-0", members: ["demo-1"], quorum: 0))
        view.configuration.parameters = ["x.password": "secret"]
        view.configuration.hostBasedAuthentication = ["host all all all ldap ldapbindpasswd=secret"]
        view.configuration.isPaused = true
        let observation = Observation(
            now: BootInstant(nanoseconds: 100_000_000_000), me: "demo-1", cluster: view, lock: .held(by: "demo-0"),
            server: .standby(
                RunningServer(
                    systemIdentifier: "7", timeline: Timeline(rawValue: 3), position: LSN(rawValue: 0x4FF_0000))),
            notStreamingSince: BootInstant(nanoseconds: 97_500_000_000), isStopping: true)
        #expect(
            observation.saw == [
                "lock": "held by demo-0, epoch 4", "server": "standby, timeline 3, 0/4FF0000, receives nothing",
                "members": "demo-0 primary, running, timeline 3", "cluster": "paused",
                "synchronous": "demo-0 with demo-1, quorum 0", "request": "from demo-0 to demo-1",
                "no stream": "for 2.5 s", "agent": "asked to stop",
            ])
    }
}
