import HighAvailability
import Testing
import Units

/// What a promotion may have cost follows from the lock it was taken over and from what the election rested on.
@Suite struct LossTests {
    private static let start = LSN(rawValue: 1000)

    private func verdict(_ former: LockRecord?, isVouchedFor: Bool = false) -> FailoverLoss.Verdict {
        judgeLoss(
            of: TakenLock(former: former, isVouchedFor: isVouchedFor), by: "demo-1", timeline: Timeline(rawValue: 3),
            start: Self.start
        ).verdict
    }

    private func lock(leader: String? = nil, heir: String? = nil, position: UInt64?) -> LockRecord {
        LockRecord(version: "7", leader: leader, heir: heir, position: position.map { LSN(rawValue: $0) })
    }

    @Test func `a lock that ran out vouches for nothing`() {
        #expect(verdict(lock(leader: "demo-0", position: 2000)) == .possible)
        #expect(verdict(lock(leader: "demo-0", position: 10)) == .possible)
        #expect(verdict(nil) == .possible)
        #expect(
            judgeLoss(of: nil, by: "demo-1", timeline: Timeline(rawValue: 3), start: Self.start).verdict == .possible)
    }

    @Test func `an heir behind the shutdown checkpoint has everything`() {
        #expect(verdict(lock(heir: "demo-1", position: 900)) == .complete)
        #expect(verdict(lock(heir: "demo-1", position: 1000)) == .possible)
        #expect(verdict(lock(heir: "demo-1", position: nil)) == .possible)
        // Named, and too late; or let go by somebody whose server was killed.
        #expect(verdict(lock(heir: "demo-2", position: 900)) == .possible)
        #expect(verdict(lock(position: 900)) == .possible)
        #expect(verdict(lock(leader: "demo-0", heir: "demo-1", position: 900)) == .possible)
    }

    @Test func `an election bound by the synchronous record vouches for what was acknowledged`() {
        #expect(verdict(lock(leader: "demo-0", position: 2000), isVouchedFor: true) == .confirmed)
    }

    @Test func `the report names the former leader, the switch and what it had published`() {
        let taken = TakenLock(former: lock(leader: "demo-0", position: 2000), isVouchedFor: false)
        #expect(
            judgeLoss(of: taken, by: "demo-1", timeline: Timeline(rawValue: 3), start: Self.start)
                == FailoverLoss(
                    verdict: .possible, member: "demo-1", former: "demo-0", timeline: Timeline(rawValue: 3),
                    start: Self.start, published: LSN(rawValue: 2000)))
        let own = TakenLock(former: lock(leader: "demo-1", position: 2000), isVouchedFor: false)
        #expect(judgeLoss(of: own, by: "demo-1", timeline: Timeline(rawValue: 3), start: Self.start).former == nil)
    }
}
