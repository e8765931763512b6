import HighAvailability
import Testing

/// What a change of the primary is called in the history.
@Suite struct ChangeKindTests {
    private static func kind(
        _ former: LockRecord?, won: WonRequest? = nil, wasStandbyLeader: Bool = false
    ) -> ChangeKind? {
        judgeChange(
            of: TakenLock(former: former, isVouchedFor: true), by: "demo-1", won: won,
            wasStandbyLeader: wasStandbyLeader)
    }

    private static func released(to heir: String?, _ word: ChangeKind?) -> LockRecord {
        LockRecord(version: "1", heir: heir, handover: word)
    }

    private static func won(leader: String?, candidate: String?, loss: String? = nil) -> WonRequest {
        WonRequest(request: FailoverRequest(leader: leader, candidate: candidate), former: "demo-0", loss: loss)
    }

    @Test(arguments: ChangeKind.allCases)
    func `an heir calls the change what its former leader called it`(word: ChangeKind) {
        #expect(Self.kind(Self.released(to: "demo-1", word)) == word)
        // What was said to another one, or is said by a lock that somebody held, is no word on this change.
        #expect(Self.kind(Self.released(to: "demo-2", word)) == .failover)
        #expect(Self.kind(Self.released(to: nil, word)) == .failover)
        #expect(
            Self.kind(LockRecord(version: "1", leader: "demo-0", heir: "demo-1", handover: word)) == .failover)
    }

    @Test func `nobody's plan is a failover, and what nobody says has no name`() {
        #expect(Self.kind(nil) == .failover)
        #expect(Self.kind(LockRecord(version: "1", leader: "demo-0")) == .failover)
        // A leader of a former version names an heir and says no more.
        #expect(Self.kind(Self.released(to: "demo-1", nil)) == nil)
        #expect(judgeChange(of: nil, by: "demo-1", won: nil, wasStandbyLeader: false) == nil)
        // It had the lock already; why it took that, the agent knew that is gone.
        #expect(Self.kind(LockRecord(version: "1", leader: "demo-1")) == nil)
    }

    @Test func `a failover somebody asked for is forced, a switchover whose leader died is not`() {
        let lost = LockRecord(version: "1", leader: "demo-0")
        #expect(Self.kind(lost, won: Self.won(leader: nil, candidate: "demo-1")) == .forced)
        #expect(Self.kind(lost, won: Self.won(leader: nil, candidate: "demo-1", loss: "WAL is lost")) == .forced)
        #expect(Self.kind(lost, won: Self.won(leader: nil, candidate: "demo-2")) == .failover)
        #expect(Self.kind(lost, won: Self.won(leader: "demo-0", candidate: "demo-1")) == .failover)
    }

    @Test func `a standby leader that is promoted has taken over from nobody`() {
        for former in [nil, LockRecord(version: "1", leader: "demo-0"), Self.released(to: "demo-1", .switchover)] {
            #expect(Self.kind(former, wasStandbyLeader: true) == .promotion)
        }
        #expect(judgeChange(of: nil, by: "demo-1", won: nil, wasStandbyLeader: true) == .promotion)
    }

    @Test func `who hands over says why`() {
        #expect(ChangeKind(handingOverFor: nil) == .handover)
        #expect(ChangeKind(handingOverFor: FailoverRequest(leader: "demo-0")) == .switchover)
        #expect(ChangeKind(handingOverFor: FailoverRequest(candidate: "demo-1")) == .forced)
    }
}
