import HighAvailability
import Testing
import Units

@Suite struct LockKeepingTests {
    private let sent = BootInstant(nanoseconds: 9_000_000_000)
    private let timings = Timings.standard
    private let me = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n1")
    private let other = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "n9")

    private func record(_ version: String, _ identity: HolderIdentity?, renewal: String? = nil, epoch: Int64 = 4)
        -> LockRecord
    {
        LockRecord(
            version: version, leader: identity?.member, identity: identity, epoch: epoch, renewal: renewal ?? version)
    }

    private func holding() -> LockKeeping {
        var keeping = LockKeeping()
        keeping.confirmed(record("1", me), sentAt: sent, timings)
        return keeping
    }

    @Test func `a lock holds until the fence, counted from when its write was sent`() {
        #expect(holding().held?.until == sent + .seconds(17))
    }

    @Test func `a renewal is due a heartbeat after the last one was sent`() {
        var keeping = holding()
        let early = keeping.beat(at: sent + .milliseconds(4999), mayRenew: true, timings)
        #expect(early == .rest)
        let due = keeping.beat(at: sent + .seconds(5), mayRenew: true, timings)
        #expect(due == .renew(over: record("1", me), deadline: sent + .seconds(10)))
    }

    @Test func `a heartbeat is due when it has something to do, and never while no lock is held`() {
        var keeping = LockKeeping()
        #expect(keeping.nextBeat(leaving: nil, at: sent) == nil)
        keeping.confirmed(record("1", me), sentAt: sent, timings)
        #expect(keeping.nextBeat(leaving: nil, at: sent + .seconds(1)) == sent + .seconds(5))
        // What could not be done when it was due, and a list to be written out of turn.
        #expect(keeping.nextBeat(leaving: nil, at: sent + .seconds(6)) == sent + .milliseconds(6100))
        let list = FailsafeList([FailsafeList.Entry(name: "demo-1", apiURL: "http://b:8008", podUID: "u1")])
        #expect(keeping.nextBeat(leaving: list, at: sent) == sent + .milliseconds(100))
        _ = keeping.willRenew(leaving: list, at: sent, timings)
        #expect(keeping.nextBeat(leaving: list, at: sent) == sent + .seconds(1))
        _ = keeping.outcomeIsUnknown(at: sent + .seconds(8))
        #expect(keeping.nextBeat(leaving: list, at: sent + .milliseconds(8100)) == sent + .milliseconds(8200))
        keeping.lost()
        #expect(keeping.nextBeat(leaving: list, at: sent) == nil)
    }

    @Test func `members are asked when a renewal has come to nothing, and nobody who is in no list`() {
        var keeping = holding()
        #expect(keeping.nextRound(at: sent) == nil)
        let list = FailsafeList([FailsafeList.Entry(name: "demo-1", apiURL: "http://b:8008", podUID: "u1")])
        _ = keeping.willRenew(leaving: list, at: sent, timings)
        #expect(keeping.nextRound(at: sent) == sent + .milliseconds(7500))
        _ = keeping.outcomeIsUnknown(at: sent + .seconds(6))
        #expect(keeping.nextRound(at: sent + .seconds(6)) == sent + .milliseconds(6100))
        let round = keeping.beginRound(at: sent + .seconds(6), mayRenew: true, timings)
        #expect(round != nil && keeping.nextRound(at: sent + .seconds(6)) == nil)
        #expect(keeping.nextRound(at: sent + .seconds(17)) == nil)
    }

    @Test func `no renewal is waited for past the fence`() {
        var keeping = holding()
        let step = keeping.beat(at: sent + .seconds(14), mayRenew: true, timings)
        #expect(step == .renew(over: record("1", me), deadline: sent + .seconds(17)))
    }

    @Test func `a lock without renewal is given up when the fence falls, and not before`() {
        var keeping = holding()
        let last = sent + .seconds(17) - .nanoseconds(1)
        let inTime = keeping.outcomeIsUnknown(at: last)
        #expect(inTime == .rest)
        #expect(keeping.held?.nextRenewal == last + .milliseconds(200))
        let over = keeping.outcomeIsUnknown(at: sent + .seconds(17))
        #expect(over == .giveUp)
        #expect(keeping.held == nil)
        let after = keeping.beat(at: sent + .seconds(18), mayRenew: true, timings)
        #expect(after == .rest)
    }

    @Test func `an unhealthy server's lock is not renewed and runs out`() {
        var keeping = holding()
        let unwell = keeping.beat(at: sent + .seconds(16), mayRenew: false, timings)
        #expect(unwell == .withhold)
        let over = keeping.beat(at: sent + .seconds(17), mayRenew: false, timings)
        #expect(over == .giveUp)
    }

    @Test func `changed timings do not move a fence that is armed`() {
        var keeping = holding()
        let step = keeping.renew(at: sent + .seconds(18), .tolerant)
        #expect(step == .giveUp)
    }

    @Test func `a lost answer is settled by who and which attempt the record shows`() {
        let taking = LockAttempt.acquisition(over: "7")
        func settle(_ read: LockRecord?) -> LockSettlement {
            taking.settle(read, over: record("7", nil), identity: me, stamp: "s")
        }
        let landed = record("8", me, renewal: "s")
        #expect(settle(landed) == .landed(landed))
        #expect(settle(record("7", nil)) == .again(over: record("7", nil)))
        #expect(settle(record("8", other, renewal: "s")) == .lost(record("8", other, renewal: "s")))
        // An earlier attempt of ours that landed late is not this one.
        #expect(settle(record("8", me, renewal: "r")) == .lost(record("8", me, renewal: "r")))
        #expect(settle(nil) == .lost(nil))
        #expect(
            LockAttempt.acquisition(over: nil).settle(nil, over: nil, identity: me, stamp: "s") == .again(over: nil))
    }

    @Test func `a renewal is repeated over a touched record only in its own epoch`() {
        let renewing = LockAttempt.renewal(epoch: 4)
        func settle(_ read: LockRecord?) -> LockSettlement {
            renewing.settle(read, over: record("7", me), identity: me, stamp: "s")
        }
        let touched = record("8", me, renewal: "r")
        #expect(settle(touched) == .again(over: touched))
        let later = record("8", me, renewal: "r", epoch: 5)
        #expect(settle(later) == .lost(later))
        #expect(settle(record("9", other)) == .lost(record("9", other)))
    }

    @Test func `a release whose answer was lost has landed when the lock is free in its epoch or the heir's`() {
        let held = record("7", me)
        func settle(_ read: LockRecord?) -> LockSettlement {
            LockAttempt.settleRelease(of: held, to: "demo-1", read: read)
        }
        #expect(settle(record("8", nil)) == .landed(record("8", nil)))
        #expect(settle(record("9", other, epoch: 5)) == .landed(record("9", other, epoch: 5)))
        #expect(settle(record("8", me)) == .again(over: record("8", me)))
        let third = record("9", HolderIdentity(member: "demo-2", podUID: "u2", nonce: "n"), epoch: 5)
        #expect(settle(third) == .lost(third))
    }

    @Test func `what the watch shows before an own write is the past`() {
        var sight = LockSight(me: me)
        sight.listed(record("1", nil), at: sent)
        sight.answered(record("3", me), at: sent)
        sight.confirmOwnership(of: record("3", me), until: sent + .seconds(17))
        func standing() -> LockStanding { sight.standing(at: sent, ttl: timings.ttl, holder: nil) }
        sight.watched(record("2", other), at: sent)
        #expect(standing() == .mine(until: sent + .seconds(17)))
        sight.watched(record("3", me), at: sent)
        sight.watched(record("4", other), at: sent)
        #expect(standing() == .held(by: "demo-1"))
        // The answer to a renewal that the watch has shown, and what came after it.
        sight.answered(record("3", me), at: sent)
        sight.confirmOwnership(of: record("3", me), until: sent + .seconds(17))
        #expect(standing() == .held(by: "demo-1"))
    }

    @Test func `an answer the watch was ahead of is news when the watch's version was passed over`() {
        // The own renewal was answered late; a relist skipped it, so the watch never shows it and its events are passed over.
        var sight = LockSight(me: me)
        sight.listed(record("1", me), at: sent)
        sight.answered(record("2", me), at: sent)
        sight.watched(record("4", other), at: sent)
        sight.answered(record("4", other), at: sent)
        let standing = sight.standing(at: sent, ttl: timings.ttl, holder: nil)
        #expect(standing == .held(by: "demo-1"))
    }

    @Test func `a list that may lack what was learned since it was asked for is passed over, but for the first`() {
        var sight = LockSight(me: me)
        sight.willList()
        sight.answered(record("2", me), at: sent)
        let first = sight.listed(record("1", nil), at: sent)
        #expect(first)
        sight.willList()
        sight.answered(record("3", me), at: sent)
        let late = sight.listed(record("1", nil), at: sent)
        #expect(!late)
        #expect(sight.record == record("3", me))
        sight.willList()
        let next = sight.listed(record("4", other), at: sent)
        #expect(next)
        #expect(sight.record == record("4", other))
    }

    @Test func `a lock is judged free only in the version that was read`() {
        var sight = LockSight(me: me)
        sight.listed(record("1", nil), at: sent)
        let same = sight.standing(of: record("1", nil), at: sent, ttl: timings.ttl, holder: nil)
        #expect(same?.isFree == true)
        let newer = sight.standing(of: record("2", other), at: sent, ttl: timings.ttl, holder: nil)
        #expect(newer == nil)
    }
}
