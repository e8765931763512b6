import HighAvailability
import Testing
import Units

@Suite struct LockObserverTests {
    private let start = BootInstant(nanoseconds: 5_000_000_000)
    private let ttl = Duration.seconds(20)
    private let me = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n1")
    private let other = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "n9")

    private func record(_ identity: HolderIdentity?, renewal: String = "a", container: String? = nil) -> LockRecord {
        LockRecord(
            version: renewal, leader: identity?.member, identity: identity, epoch: 1, containerInstance: container,
            renewal: renewal, ttl: ttl)
    }

    @Test func `ttl counts from when this member first saw the last renewal`() {
        var observer = LockObserver(me: me)
        observer.observe(record(other), at: start)
        #expect(observer.standing(at: start + .seconds(19), ttl: ttl, holder: nil) == .held(by: "demo-1"))
        observer.observe(record(other), at: start + .seconds(19))
        #expect(observer.standing(at: start + .seconds(20), ttl: ttl, holder: nil) == .expired(holder: "demo-1"))
        observer.observe(record(other, renewal: "b"), at: start + .seconds(21))
        #expect(observer.standing(at: start + .seconds(40), ttl: ttl, holder: nil) == .held(by: "demo-1"))
        #expect(observer.expiry(ttl: ttl) == start + .seconds(41))
    }

    @Test func `the last sign of life is the last change of the lock that this member saw`() {
        var observer = LockObserver(me: me)
        #expect(observer.lastSign == nil)
        observer.observe(nil, at: start)
        #expect(observer.lastSign == nil, "there was nobody")
        observer.observe(record(other), at: start + .seconds(1))
        observer.observe(record(other), at: start + .seconds(2))
        #expect(observer.lastSign == start + .seconds(1))
        observer.observe(record(other, renewal: "b"), at: start + .seconds(3))
        #expect(observer.lastSign == start + .seconds(3))
        observer.observe(record(nil, renewal: "c"), at: start + .seconds(4))
        #expect(observer.lastSign == start + .seconds(4), "it was let go")
        observer.observe(record(other, renewal: "d"), at: start + .seconds(5))
        observer.observe(nil, at: start + .seconds(6))
        #expect(observer.lastSign == start + .seconds(6), "its object vanished")
    }

    @Test func `a leader that goes on by consent is heard when it asks for that`() {
        var observer = LockObserver(me: me)
        observer.observe(record(other), at: start)
        func ask(_ leader: String, at now: BootInstant) -> FailsafeAnswer {
            let claim = FailsafeRequest.Claim(
                identity: leader == other.member ? other : me, epoch: 1, ttl: ttl, member: me.member, podUID: me.podUID)
            return observer.answer(
                FailsafeRequest(leader: leader, claim: claim), isPrimary: false, sealedFor: nil, ttl: ttl, at: now)
        }
        #expect(ask("demo-1", at: start + .seconds(15)) == .accepted)
        #expect(observer.lastSign == start + .seconds(15))
        #expect(ask("demo-2", at: start + .seconds(16)) != .accepted)
        #expect(observer.lastSign == start + .seconds(15), "it is not the leader")
    }

    @Test func `an own lock is mine only as long as a confirmed renewal lasts`() {
        var observer = LockObserver(me: me)
        observer.observe(record(me), at: start)
        #expect(observer.standing(at: start, ttl: ttl, holder: nil) == .mineFromEarlierLife)
        observer.confirmOwnership(until: start + .seconds(17))
        #expect(
            observer.standing(at: start + .seconds(16), ttl: ttl, holder: nil) == .mine(until: start + .seconds(17)))
        #expect(observer.standing(at: start + .seconds(17), ttl: ttl, holder: nil) == .mineFromEarlierLife)
    }

    @Test func `another holder ends my lock at once`() {
        var observer = LockObserver(me: me)
        observer.observe(record(me), at: start)
        observer.confirmOwnership(until: start + .seconds(17))
        observer.observe(record(other, renewal: "b"), at: start + .seconds(1))
        observer.observe(record(me, renewal: "c"), at: start + .seconds(2))
        #expect(observer.standing(at: start + .seconds(3), ttl: ttl, holder: nil) == .mineFromEarlierLife)
    }

    @Test func `a twin of the same name is somebody else`() {
        let twin = HolderIdentity(member: "demo-0", podUID: "u0-again", nonce: "n1")
        var observer = LockObserver(me: me)
        observer.observe(record(twin), at: start)
        #expect(observer.standing(at: start, ttl: ttl, holder: nil) == .held(by: "demo-0"))
    }

    @Test func `a death counts only for the container instance the lock names`() {
        func standing(lock container: String?, terminated: Set<String>, podUID: String = "u1") -> LockStanding {
            let holder = Member(name: "demo-1", podUID: podUID, terminatedInstances: terminated, isInBackOff: true)
            var observer = LockObserver(me: me)
            observer.observe(record(other, container: container), at: start)
            observer.observe(holder: holder, at: start + .seconds(1))
            return observer.standing(at: start + .seconds(1), ttl: ttl, holder: holder)
        }
        let died = LockStanding.holderDied(holder: "demo-1", since: start + .seconds(1), restartsAtOnce: false)
        #expect(standing(lock: "c1", terminated: ["c1"]) == died)
        #expect(standing(lock: "c2", terminated: ["c1"]) == .held(by: "demo-1"))
        #expect(standing(lock: nil, terminated: ["c1"]) == .held(by: "demo-1"))
        #expect(standing(lock: "c1", terminated: ["c1"], podUID: "u1-again") == .held(by: "demo-1"))
    }

    @Test func `a released lock names its heir and the moment it was seen`() {
        var observer = LockObserver(me: me)
        observer.observe(record(other), at: start)
        var released = record(nil, renewal: "a")
        released.heir = "demo-0"
        released.transitions = 4
        observer.observe(released, at: start + .seconds(2))
        #expect(
            observer.standing(at: start + .seconds(3), ttl: ttl, holder: nil)
                == .released(heir: "demo-0", since: start + .seconds(2)))
    }

    @Test func `a lock nobody ever held is told from a released one`() {
        var observer = LockObserver(me: me)
        #expect(observer.standing(at: start, ttl: ttl, holder: nil) == .neverTaken)
        observer.observe(LockRecord(version: "1"), at: start)
        #expect(observer.standing(at: start, ttl: ttl, holder: nil) == .neverTaken)
    }
}
