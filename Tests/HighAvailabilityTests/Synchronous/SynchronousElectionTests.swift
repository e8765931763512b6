import HighAvailability
import Testing
import Units

@Suite struct SynchronousElectionTests {
    private func report(
        _ name: String, _ position: UInt64 = 1000, timeline: UInt32 = 2, sealed: Int64? = nil, primary: Bool = false,
        eligible: Bool = true
    ) -> PositionReport {
        PositionReport(
            name: name, isPrimary: primary, timeline: Timeline(rawValue: timeline), position: LSN(rawValue: position),
            isEligible: eligible, sealedEpoch: sealed)
    }

    private func verdict(
        _ mode: SynchronousMode, _ members: Set<String>, _ quorum: Int = 0, me: PositionReport,
        _ others: [PositionReport] = []
    ) -> CandidacyVerdict {
        judgeCandidacy(
            Candidacy(
                me: me, others: others, lastKnownPosition: LSN(rawValue: 1_000_000),
                recordedTimeline: Timeline(rawValue: 2), maximumLag: ByteCount(rawValue: 100),
                synchronous: SynchronousElection(
                    mode: mode, record: SynchronousState(leader: "p", members: members, quorum: quorum), epoch: 8)))
    }

    private func runs(_ verdict: CandidacyVerdict) -> Bool {
        if case .run = verdict { true } else { false }
    }

    @Test func `mode on: a recorded member runs, whatever others have that was never acknowledged`() {
        #expect(runs(verdict(.on, ["a"], me: report("a"))))
        #expect(runs(verdict(.on, ["a"], me: report("a"), [report("b", 5000)])))
        #expect(runs(verdict(.on, ["a"], me: report("a"), [report("p", 5000, primary: true)])))
    }

    @Test func `mode on: who is not recorded yields, also when it is the only one left and is ahead`() {
        #expect(!runs(verdict(.on, ["a"], me: report("b", 5000))))
        #expect(!runs(verdict(.on, [], me: report("b", 5000))))
        #expect(
            verdict(.on, ["a"], me: report("b"))
                == .yield("I am not a synchronous standby: a may be promoted"))
    }

    @Test func `of several recorded members the furthest runs`() {
        #expect(!runs(verdict(.on, ["a", "b"], me: report("a", 999), [report("b", 1000)])))
        #expect(runs(verdict(.on, ["a", "b"], me: report("b", 1000), [report("a", 999)])))
    }

    @Test func `another primary than the recorded leader stops every candidate`() {
        #expect(!runs(verdict(.on, ["a"], me: report("a"), [report("x", 10, primary: true)])))
    }

    @Test func `quorum: n − k + 1 sealed reports are needed, the candidate's own among them`() {
        let me = report("a", sealed: 8)
        #expect(runs(verdict(.quorum, ["a", "b"], 1, me: me, [report("b", sealed: 8)])))
        #expect(runs(verdict(.quorum, ["a", "b"], 1, me: me, [report("b", sealed: 9)])))
        #expect(!runs(verdict(.quorum, ["a", "b"], 1, me: me)))
        #expect(!runs(verdict(.quorum, ["a", "b"], 1, me: me, [report("b")])))
        #expect(!runs(verdict(.quorum, ["a", "b"], 1, me: me, [report("b", sealed: 7)])))
        #expect(!runs(verdict(.quorum, ["a", "b"], 1, me: report("a"), [report("b", sealed: 8)])))
        #expect(!runs(verdict(.quorum, ["a", "b"], 1, me: me, [report("x", sealed: 8)])))
    }

    @Test func `quorum: who is ahead of the candidate is no vote for it, even if it may not lead itself`() {
        let me = report("a", 1000, sealed: 8)
        #expect(!runs(verdict(.quorum, ["a", "b"], 1, me: me, [report("b", 1001, sealed: 8, eligible: false)])))
        #expect(
            !runs(verdict(.quorum, ["a", "b"], 1, me: me, [report("b", 10, timeline: 3, sealed: 8, eligible: false)])))
        #expect(
            runs(
                verdict(
                    .quorum, ["a", "b", "c"], 1, me: me,
                    [report("b", 1001, sealed: 8, eligible: false), report("c", 1000, sealed: 8)])))
    }

    @Test func `quorum: a member without a position is no vote`() {
        #expect(!runs(verdict(.quorum, ["a", "b"], 1, me: report("a", sealed: 8), [report("b", 0, sealed: 8)])))
    }

    @Test func `quorum: who is not recorded needs as many recorded ones behind it`() {
        let me = report("x", sealed: 8)
        #expect(!runs(verdict(.quorum, ["a", "b"], 1, me: me, [report("a", sealed: 8)])))
        #expect(
            runs(verdict(.quorum, ["a", "b"], 1, me: me, [report("a", 999, sealed: 8), report("b", 999, sealed: 8)])))
    }

    @Test func `quorum: a better member that did not seal does not hold the election up`() {
        let votes = [report("b", 5000), report("c", sealed: 8)]
        #expect(runs(verdict(.quorum, ["a", "b", "c"], 1, me: report("a", sealed: 8), votes)))
    }

    @Test func `the recorded leader has everything it acknowledged and needs no vote`() {
        for mode in [SynchronousMode.on, .quorum] {
            #expect(runs(verdict(mode, ["a", "b"], 1, me: report("p"), [report("a", 900)])))
        }
    }

    @Test func `the recorded leader leaves the lock to nobody who needs votes, as it may not get them`() {
        let level = report("a", sealed: 8)
        #expect(runs(verdict(.quorum, ["a", "b"], 1, me: report("p"), [level])))
        #expect(!runs(verdict(.quorum, ["a", "b"], 1, me: report("a", sealed: 8), [report("p")])))
        // Who needs none either is chosen among equals as ever.
        #expect(!runs(verdict(.on, ["a", "b"], me: report("b"), [report("a")])))
    }

    @Test func `the recorded leader leaves the lock to one that is ahead and can be elected, and to no other`() {
        let ahead = report("a", 1001)
        // A forced failover made a leader of one that lacks commits: who has them is still to be preferred.
        #expect(!runs(verdict(.quorum, ["a", "b"], 1, me: report("p"), [ahead, report("b")])))
        // Seed 244 556: ahead by the leader's own shutdown checkpoint, and of this record nobody is ever elected.
        #expect(runs(verdict(.quorum, ["a"], 1, me: report("p"), [ahead])))
        // The other vote is away, is no member's, or belongs to one that is further still.
        #expect(runs(verdict(.quorum, ["a", "b"], 1, me: report("p"), [ahead])))
        #expect(runs(verdict(.quorum, ["a", "b"], 1, me: report("p"), [ahead, report("x")])))
        #expect(
            runs(verdict(.quorum, ["a", "b"], 1, me: report("p"), [ahead, report("b", 1002, eligible: false)])))
    }

    /// The mode is a cached value, or the default of an agent that could not read the settings yet.
    @Test func `an active record is honoured whatever mode a member knows of`() {
        let active = SynchronousState(leader: "p", members: ["a"])
        let election = SynchronousElection(.off, record: active, lock: LockRecord(version: "5", epoch: 7))
        #expect(election == SynchronousElection(mode: .on, record: active, epoch: 8))
        let candidacy = Candidacy(
            me: report("b", 5000), others: [], lastKnownPosition: nil, recordedTimeline: nil,
            maximumLag: ByteCount(rawValue: .max), synchronous: election)
        #expect(judgeCandidacy(candidacy) == .yield("I am not a synchronous standby: a may be promoted"))
    }

    @Test func `who takes an active record over with the mode off lets nobody else be elected, and waits for nobody`() {
        let active = SynchronousState(version: "4", leader: "p", members: ["a", "b"], quorum: 1)
        #expect(
            takeOverSynchronous(active, by: "a", policy: .off)
                == SynchronousTakeover(record: SynchronousState(version: "4", leader: "a"), names: .none))
        #expect(takeOverSynchronous(SynchronousState(leader: nil), by: "a", policy: .off) == nil)
        #expect(takeOverSynchronous(nil, by: "a", policy: .off) == nil)
    }

    @Test func `without an active record nothing but the position decides`() {
        let active = SynchronousState(leader: "p", members: ["a"])
        let policy = SynchronousPolicy(mode: .quorum)
        #expect(SynchronousElection(policy, record: nil, lock: nil) == nil)
        #expect(SynchronousElection(policy, record: SynchronousState(leader: nil), lock: nil) == nil)
        #expect(SynchronousElection(policy, record: active, lock: LockRecord(version: "5", epoch: 7))?.epoch == 8)
    }

    @Test func `a handover goes to a synchronous standby only`() {
        let leader = report("p", primary: true)
        func choose(_ wanted: String?, _ synchronous: Set<String>?) -> Result<String, HandOverRefusal> {
            chooseHeir(
                wanted: wanted, leader: leader, reports: [report("a"), report("b")],
                maximumLag: ByteCount(rawValue: 100), synchronous: synchronous)
        }
        #expect(choose(nil, nil) == .success("a"))
        #expect(choose(nil, ["b"]) == .success("b"))
        #expect(choose("b", ["b"]) == .success("b"))
        #expect(
            choose("a", ["b"]) == .failure(HandOverRefusal("candidate name a does not match with sync_standby")))
        #expect(choose(nil, []) == .failure(HandOverRefusal("can not find sync_standby")))
    }
}
