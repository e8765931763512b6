import HighAvailability
import Testing
import Units

/// An epoch that cannot be read ends nobody, and needs no hand to be got over.
@Suite struct EpochTests {
    private let me = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n0")
    private let other = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "n1")

    private func record(_ identity: HolderIdentity?, epoch: Int64, version: String = "7") -> LockRecord {
        LockRecord(
            version: version, leader: identity?.member, identity: identity, epoch: epoch, renewal: "a",
            objectUID: "lock")
    }

    @Test(arguments: [
        Int64.max, .min, -1, LockRecord.epochs.upperBound, LockRecord.unreadableEpoch, LockRecord.unreadableEpoch - 1,
    ])
    func `an acquisition over an absurd epoch begins one that is later than any that was counted`(_ epoch: Int64) {
        let next = LockRecord.epoch(after: record(other, epoch: epoch))
        #expect(next > 1 << 61 && LockRecord.epoch(reading: String(next)) == next)
        #expect(Seal(for: record(other, epoch: epoch)).epoch == next)
    }

    @Test(arguments: [Int64(0), 1, 41, 1 << 61, LockRecord.unreadableEpoch + 7])
    func `every other epoch rises by one`(_ epoch: Int64) {
        #expect(LockRecord.epoch(after: record(other, epoch: epoch)) == epoch + 1)
    }

    @Test func `the holder writes its own epoch back over one that cannot be read, and over no other`() {
        let mangled = record(me, epoch: LockRecord.unreadableEpoch, version: "8")
        let renewal = LockAttempt.renewal(epoch: 3)
        #expect(renewal.settle(mangled, over: nil, identity: me, stamp: "b") == .again(over: mangled))
        let edited = record(me, epoch: 5, version: "8")
        #expect(renewal.settle(edited, over: nil, identity: me, stamp: "b") == .lost(edited))
        let anothers = record(other, epoch: LockRecord.unreadableEpoch, version: "8")
        #expect(renewal.settle(anothers, over: nil, identity: me, stamp: "b") == .lost(anothers))
    }

    @Test func `an epoch that cannot be read proves no leader to be over, and hinders none that is asked for`() {
        let mangled = record(me, epoch: LockRecord.unreadableEpoch)
        #expect(Reign(mangled) == nil)
        var pledge = FailsafePledge()
        pledge.observe(mangled)
        let request = FailsafeRequest(
            leader: "demo-0",
            claim: .init(identity: me, epoch: 3, ttl: .seconds(10), member: "demo-1", podUID: "u1"))
        let answer = pledge.answer(
            request, me: other, record: mangled, isPrimary: false, isHolder: false, sealedFor: nil, ttl: .seconds(10),
            at: BootInstant(nanoseconds: 0))
        #expect(answer == .accepted)
    }

    @Test func `a quorum that cannot be read lets nobody but the recorded leader be elected`() {
        for text in ["9223372036854775807", "-9223372036854775808", "-1", "two", "", "1000001"] {
            #expect(SynchronousState.quorum(reading: text) == nil)
        }
        let record = SynchronousState(
            version: "7", leader: "demo-0", members: ["demo-1", "demo-2"], quorum: SynchronousState.unreachableQuorum)
        #expect(!record.canElect)
        let takeover = takeOverSynchronous(record, by: "demo-0", policy: SynchronousPolicy(mode: .quorum))
        #expect(takeover?.record.canElect == false)
    }
}
