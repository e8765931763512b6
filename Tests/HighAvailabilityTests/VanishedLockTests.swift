import HighAvailability
import Testing
import Units

/// Who deletes the lock object deletes what is known of its holder, not the holder.
@Suite struct VanishedLockTests {
    private let start = BootInstant(nanoseconds: 5_000_000_000)
    private let ttl = Duration.seconds(20)
    private let me = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n1")
    private let other = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "n9")
    private let third = HolderIdentity(member: "demo-2", podUID: "u2", nonce: "n5")

    private func record(
        _ identity: HolderIdentity?, object: String = "first", renewal: String = "a", container: String? = nil
    ) -> LockRecord {
        LockRecord(
            version: "\(object) \(renewal)", leader: identity?.member, identity: identity, epoch: 1,
            containerInstance: container, renewal: renewal, ttl: ttl, objectUID: object)
    }

    private func observer(_ record: LockRecord) -> LockObserver {
        var observer = LockObserver(me: me)
        observer.observe(record, at: start)
        return observer
    }

    private func standing(_ observer: LockObserver, after delay: Duration, holder: Member? = nil) -> LockStanding {
        observer.standing(at: start + delay, ttl: ttl, holder: holder)
    }

    @Test func `a lock whose object vanishes is held until ttl after that was seen`() {
        var observer = observer(record(other))
        observer.observe(nil, at: start + .seconds(5))
        #expect(standing(observer, after: .seconds(24)) == .held(by: "demo-1"))
        #expect(observer.expiry(ttl: ttl) == start + .seconds(25))
        #expect(standing(observer, after: .seconds(25)) == .expired(holder: "demo-1"))
    }

    @Test func `the holder may have learned of a longer ttl than its last record shows`() {
        var observer = observer(record(other))
        observer.observe(nil, at: start)
        #expect(
            observer.standing(at: start + .seconds(59), ttl: .seconds(60), holder: nil) == .held(by: "demo-1"))
    }

    @Test func `an object made anew makes nobody forget the holder of the one before`() {
        for gap in [true, false] {
            var observer = observer(record(other))
            if gap { observer.observe(nil, at: start + .seconds(1)) }
            observer.observe(LockRecord(version: "9", objectUID: "second"), at: start + .seconds(1))
            #expect(standing(observer, after: .seconds(20)) == .held(by: "demo-1"))
            #expect(
                observer.beginAcquisition(
                    over: LockRecord(version: "9", objectUID: "second"), listIsGone: false, ttl: ttl, holder: nil,
                    at: start + .seconds(20)) == "the lock is held by demo-1")
            #expect(standing(observer, after: .seconds(21)) == .neverTaken)
        }
    }

    @Test func `who takes the new object and lets it go frees nothing of the one before`() {
        var observer = observer(record(other))
        observer.observe(nil, at: start + .seconds(1))
        observer.observe(record(third, object: "second"), at: start + .seconds(2))
        #expect(standing(observer, after: .seconds(3)) == .held(by: "demo-2"))
        var released = record(nil, object: "second", renewal: "b")
        released.heir = "demo-0"
        observer.observe(released, at: start + .seconds(4))
        #expect(standing(observer, after: .seconds(5)) == .held(by: "demo-1"))
        #expect(
            standing(observer, after: .seconds(21)) == .released(heir: "demo-0", since: start + .seconds(4)))
    }

    @Test func `two objects that vanish one after the other are both waited for`() {
        var observer = observer(record(other))
        observer.observe(nil, at: start + .seconds(1))
        observer.observe(record(third, object: "second"), at: start + .seconds(2))
        observer.observe(nil, at: start + .seconds(3))
        #expect(standing(observer, after: .seconds(22)) == .held(by: "demo-2"))
        #expect(standing(observer, after: .seconds(23)).isFree)
    }

    @Test func `an object that came and went while nothing was seen is waited for, whoever held it`() {
        var observer = observer(record(other))
        observer.observe(nil, at: start + .seconds(1))
        observer.observe(nil, at: start + .seconds(19))
        observer.noteGap(at: start + .seconds(19))
        #expect(standing(observer, after: .seconds(38)) == .held(by: "demo-1"))
        #expect(standing(observer, after: .seconds(39)) == .expired(holder: "demo-1"))
        // Also one that had run out by then.
        observer.noteGap(at: start + .seconds(50))
        #expect(standing(observer, after: .seconds(69)) == .held(by: "demo-1"))
        #expect(standing(observer, after: .seconds(70)).isFree)
    }

    @Test func `after a gap the holder makes its own object anew only as long as its lock held`() {
        var holder = observer(record(me))
        holder.confirmOwnership(until: start + .seconds(17))
        holder.observe(nil, at: start + .seconds(5))
        holder.noteGap(at: start + .seconds(16))
        #expect(standing(holder, after: .seconds(16)) == .mineFromEarlierLife)
        holder.noteGap(at: start + .seconds(17))
        #expect(standing(holder, after: .seconds(36)) == .held(by: "demo-0"))
    }

    @Test func `a list that shows no lock object is the end of a gap, a look that does is none`() {
        for isList in [true, false] {
            var sight = LockSight(me: me)
            sight.willList()
            sight.listed(record(other), at: start)
            sight.watched(nil, at: start + .seconds(1))
            if isList {
                sight.willList()
                sight.listed(nil, at: start + .seconds(19))
            }
            #expect(sight.standing(at: start + .seconds(22), ttl: ttl, holder: nil).isFree == !isList)
        }
    }

    @Test func `the holder itself makes the object anew at once, if its lock still held when it vanished`() {
        var holder = observer(record(me))
        holder.confirmOwnership(until: start + .seconds(17))
        holder.observe(nil, at: start + .seconds(5))
        #expect(standing(holder, after: .seconds(5)) == .mineFromEarlierLife)
        // Another may have held it since; the object of that one may be gone as well.
        var late = observer(record(me))
        late.confirmOwnership(until: start + .seconds(17))
        late.observe(nil, at: start + .seconds(30))
        #expect(standing(late, after: .seconds(31)) == .held(by: "demo-0"))
    }

    @Test func `a holder that makes the object anew is waited for no longer than its new lock`() {
        var observer = observer(record(other))
        observer.observe(nil, at: start + .seconds(1))
        observer.observe(record(other, object: "second", renewal: "b"), at: start + .seconds(2))
        observer.observe(record(nil, object: "second", renewal: "b"), at: start + .seconds(3))
        #expect(standing(observer, after: .seconds(4)).isFree)
    }

    @Test func `the death of the holder frees a lock that vanished, too`() {
        var observer = observer(record(other, container: "c1"))
        observer.observe(nil, at: start + .seconds(1))
        let dead = Member(name: "demo-1", podUID: "u1", terminatedInstances: ["c1"], isInBackOff: true)
        observer.observe(holder: dead, at: start + .seconds(2))
        #expect(
            standing(observer, after: .seconds(2), holder: dead)
                == .holderDied(holder: "demo-1", since: start + .seconds(2), restartsAtOnce: false))
    }

    @Test func `after a gap the death of the holder that was seen frees nothing`() {
        var observer = observer(record(other, container: "c1"))
        observer.observe(nil, at: start + .seconds(1))
        observer.noteGap(at: start + .seconds(2))
        let dead = Member(name: "demo-1", podUID: "u1", terminatedInstances: ["c1"], isInBackOff: true)
        observer.observe(holder: dead, at: start + .seconds(3))
        #expect(standing(observer, after: .seconds(3), holder: dead) == .held(by: "demo-1"))
    }

    @Test func `a lock that was free when its object vanished is free`() {
        var observer = observer(record(nil))
        observer.observe(nil, at: start + .seconds(1))
        #expect(standing(observer, after: .seconds(1)) == .neverTaken)
    }

    @Test func `who was in no failsafe list takes nothing of a lock that vanished`() {
        var held = record(other)
        held.failsafe = FailsafeList([.init(name: "demo-1", apiURL: "a", podUID: "u1")])
        var observer = observer(held)
        observer.observe(nil, at: start + .seconds(1))
        let problem = observer.beginAcquisition(
            over: nil, listIsGone: false, ttl: ttl, holder: nil, at: start + .seconds(30))
        #expect(problem == "this Pod is not in the failsafe list of demo-1")
    }
}
