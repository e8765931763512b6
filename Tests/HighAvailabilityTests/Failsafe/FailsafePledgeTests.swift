import HighAvailability
import Testing
import Units

@Suite struct FailsafePledgeTests {
    private let start = BootInstant(nanoseconds: 5_000_000_000)
    private let ttl = Duration.seconds(20)
    private let me = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "mine")
    private let leader = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n")
    private let twin = HolderIdentity(member: "demo-0", podUID: "u0-again", nonce: "m")
    private let third = HolderIdentity(member: "demo-2", podUID: "u2", nonce: "o")

    private func record(
        _ identity: HolderIdentity?, epoch: Int64 = 4, version: String = "a", failsafe: FailsafeList? = nil
    ) -> LockRecord {
        LockRecord(
            version: version, leader: identity?.member, identity: identity, epoch: epoch, renewal: version, ttl: ttl,
            transitions: 1, failsafe: failsafe)
    }

    private func request(
        _ identity: HolderIdentity, epoch: Int64 = 4, to member: String = "demo-1", uid: String = "u1",
        ttl: Duration = .seconds(20)
    ) -> FailsafeRequest {
        FailsafeRequest(
            leader: identity.member,
            claim: .init(identity: identity, epoch: epoch, ttl: ttl, member: member, podUID: uid))
    }

    /// A member that has seen this record at `start`.
    private func observer(_ record: LockRecord?) -> LockObserver {
        var observer = LockObserver(me: me)
        observer.observe(record, at: start)
        return observer
    }

    private func ask(
        _ observer: inout LockObserver, _ request: FailsafeRequest, after: Duration = .zero, isPrimary: Bool = false,
        sealedFor: Int64? = nil
    ) -> FailsafeAnswer {
        observer.answer(request, isPrimary: isPrimary, sealedFor: sealedFor, ttl: ttl, at: start + after)
    }

    // MARK: What the promise holds

    @Test func `who agreed does not take the expired lock before ttl after it agreed`() {
        var member = observer(record(leader))
        #expect(ask(&member, request(leader), after: .seconds(18)) == .accepted)
        for seconds in [20, 30, 37] {
            #expect(
                member.standing(at: start + .seconds(seconds), ttl: ttl, holder: nil) == .held(by: "demo-0"),
                "\(seconds) s")
            #expect(
                member.beginAcquisition(
                    over: record(leader), listIsGone: false, ttl: ttl, holder: nil, at: start + .seconds(seconds))
                    != nil)
        }
        #expect(member.expiry(ttl: ttl) == start + .seconds(38))
        #expect(member.standing(at: start + .seconds(38), ttl: ttl, holder: nil) == .expired(holder: "demo-0"))
        #expect(
            member.beginAcquisition(
                over: record(leader), listIsGone: false, ttl: ttl, holder: nil, at: start + .seconds(38)) == nil)
    }

    @Test func `a later round prolongs the promise, a shorter one does not shorten it`() {
        var member = observer(record(leader))
        #expect(ask(&member, request(leader), after: .seconds(10)) == .accepted)
        #expect(ask(&member, request(leader, ttl: .seconds(1)), after: .seconds(12)) == .accepted)
        #expect(member.failsafeLeader(at: start + .seconds(29)) == "demo-0")
        #expect(ask(&member, request(leader), after: .seconds(20)) == .accepted)
        #expect(member.failsafeLeader(at: start + .seconds(39)) == "demo-0")
        #expect(member.failsafeLeader(at: start + .seconds(40)) == nil)
    }

    @Test func `a released lock may be taken in spite of the promise, and so may a dead holder's`() {
        var member = observer(record(leader))
        #expect(ask(&member, request(leader)) == .accepted)
        member.observe(record(nil, version: "b"), at: start + .seconds(1))
        #expect(
            member.standing(at: start + .seconds(1), ttl: ttl, holder: nil)
                == .released(heir: nil, since: start + .seconds(1)))

        var dying = record(leader)
        dying.containerInstance = "c1"
        var witness = observer(dying)
        #expect(ask(&witness, request(leader)) == .accepted)
        let dead = Member(name: "demo-0", podUID: "u0", terminatedInstances: ["c1"])
        witness.observe(holder: dead, at: start + .seconds(2))
        #expect(witness.standing(at: start + .seconds(2), ttl: ttl, holder: dead).isFree)
        #expect(
            witness.beginAcquisition(over: dying, listIsGone: false, ttl: ttl, holder: dead, at: start + .seconds(2))
                == nil)
    }

    @Test func `a later holder is followed, and does not shorten the promise`() {
        var member = observer(record(leader))
        #expect(ask(&member, request(leader)) == .accepted)
        var foreign = record(third, epoch: 5, version: "b")
        foreign.ttl = .seconds(5)
        member.observe(foreign, at: start + .seconds(1))
        #expect(member.failsafeLeader(at: start + .seconds(2)) == nil)
        let early = start + .milliseconds(19_999)
        #expect(member.standing(at: early, ttl: ttl, holder: nil) == .held(by: "demo-2"))
        #expect(
            member.beginAcquisition(over: foreign, listIsGone: false, ttl: ttl, holder: nil, at: early) != nil)
        #expect(member.standing(at: start + .seconds(20), ttl: ttl, holder: nil) == .expired(holder: "demo-2"))
        // Let go, or agreed to in its turn.
        var other = observer(record(leader))
        #expect(ask(&other, request(leader)) == .accepted)
        other.observe(foreign, at: start + .seconds(1))
        #expect(ask(&other, request(third, epoch: 5), after: .seconds(2)) == .accepted)
        #expect(other.failsafeLeader(at: start + .seconds(3)) == "demo-2")
        other.observe(record(nil, epoch: 5, version: "c"), at: start + .seconds(4))
        #expect(other.standing(at: start + .seconds(4), ttl: ttl, holder: nil).isFree)
    }

    @Test func `a claim of a later epoch than the store has shown is refused, and binds nobody`() {
        for old in [record(third, epoch: 3), record(nil, epoch: 3), record(leader, epoch: 3)] {
            for epoch in [4, 5, .max] as [Int64] {
                var member = observer(old)
                guard case .refused(let reason) = ask(&member, request(leader, epoch: epoch)) else {
                    Issue.record("accepted: epoch \(epoch) over \(old)")
                    continue
                }
                #expect(reason == "the lock is in epoch 3, as far as I have seen")
                #expect(member.failsafeLeader(at: start) == nil)
            }
        }
        // It has seen none at all: it was started while nobody reaches the store.
        var blind = observer(nil)
        #expect(ask(&blind, request(leader)) == .accepted)
    }

    @Test func `a promise that has ended hinders nobody who leads in an object made anew`() {
        var member = observer(record(leader, epoch: 9))
        #expect(ask(&member, request(leader, epoch: 9)) == .accepted)
        member.observe(nil, at: start + .seconds(30))
        member.observe(record(third, epoch: 1, version: "b"), at: start + .seconds(31))
        #expect(ask(&member, request(third, epoch: 1), after: .seconds(32)) == .accepted)
    }

    @Test func `a lock object that vanished is not taken while the promise holds`() {
        var member = observer(record(leader))
        #expect(ask(&member, request(leader)) == .accepted)
        member.observe(nil, at: start + .seconds(1))
        #expect(member.standing(at: start + .seconds(2), ttl: ttl, holder: nil) == .held(by: "demo-0"))
        // One ttl from when it was seen to be gone, which is later.
        #expect(member.standing(at: start + .seconds(20), ttl: ttl, holder: nil) == .held(by: "demo-0"))
        #expect(member.standing(at: start + .seconds(21), ttl: ttl, holder: nil) == .expired(holder: "demo-0"))
    }

    // MARK: Who is refused

    @Test func `a primary, and a holder of the lock, agree to nobody`() {
        var primary = observer(record(leader))
        #expect(ask(&primary, request(leader), isPrimary: true) == .runningAsLeader)
        #expect(primary.failsafeLeader(at: start) == nil)
        var holder = observer(record(me))
        #expect(ask(&holder, request(leader, epoch: 9)) == .runningAsLeader)
    }

    @Test func `twins, old leaders, strangers and mistaken addresses are refused`() {
        let refused: [(String, LockRecord?, FailsafeRequest)] = [
            ("a twin in the same epoch", record(leader), request(twin)),
            (
                "an agent's earlier life", record(leader),
                request(HolderIdentity(member: "demo-0", podUID: "u0", nonce: "x"))
            ),
            ("a leader of an older epoch", record(leader), request(leader, epoch: 3)),
            ("a leader that was replaced", record(third, epoch: 5), request(leader)),
            ("a leader that released the lock", record(nil), request(leader)),
            ("for another member", record(leader), request(leader, to: "demo-2", uid: "u2")),
            ("for the Pod before this one", record(leader), request(leader, uid: "u1-before")),
            ("no ttl", record(leader), request(leader, ttl: .zero)),
            ("a promise of days", record(leader), request(leader, ttl: .seconds(100_000))),
            ("Patroni's, while Matriarch holds the lock", record(leader), FailsafeRequest(leader: "demo-0")),
            ("a leader of this member's name", record(leader), FailsafeRequest(leader: "demo-1")),
        ]
        for (what, record, request) in refused {
            var member = observer(record)
            let answer = ask(&member, request)
            guard case .refused = answer else {
                Issue.record("\(what): \(answer)")
                continue
            }
            #expect(member.failsafeLeader(at: start) == nil, "\(what)")
        }
    }

    @Test func `after a promise nobody else gets one in the same epoch or an older one`() {
        var member = observer(nil)
        #expect(ask(&member, request(leader)) == .accepted)
        for other in [request(twin), request(third), request(leader, epoch: 3)] {
            guard case .refused = ask(&member, other, after: .seconds(1)) else {
                Issue.record("\(other)")
                continue
            }
        }
        #expect(ask(&member, request(third, epoch: 5), after: .seconds(1)) == .accepted)
    }

    @Test func `a sealed member follows no leader of an older epoch`() {
        var member = observer(record(leader))
        guard case .refused = ask(&member, request(leader), sealedFor: 5) else {
            Issue.record("accepted")
            return
        }
        #expect(ask(&member, request(leader), sealedFor: 4) == .accepted)
    }

    @Test func `Patroni's request is accepted while Patroni holds the lock`() {
        let foreign = LockRecord(version: "a", leader: "demo-0", epoch: 4, renewal: "a", ttl: ttl, transitions: 1)
        var member = observer(foreign)
        #expect(ask(&member, FailsafeRequest(leader: "demo-0"), after: .seconds(5)) == .accepted)
        #expect(member.standing(at: start + .seconds(24), ttl: ttl, holder: nil) == .held(by: "demo-0"))
        guard case .refused = ask(&member, FailsafeRequest(leader: "demo-2")) else {
            Issue.record("accepted")
            return
        }
    }

    // MARK: Taking the lock

    @Test func `who is taking the lock agrees to nobody until that has come to nothing for certain`() {
        var member = observer(record(leader))
        #expect(
            member.beginAcquisition(
                over: record(leader), listIsGone: false, ttl: ttl, holder: nil, at: start + .seconds(20)) == nil)
        func isRefused() -> Bool {
            if case .refused = ask(&member, request(leader), after: .seconds(21)) { true } else { false }
        }
        #expect(isRefused())
        // The outcome is unknown: the write may still land as long as the record is what it was decided on.
        member.observe(record(leader), at: start + .seconds(22))
        #expect(isRefused())
        member.observe(record(leader, version: "b"), at: start + .seconds(23))
        #expect(!isRefused())

        var loser = observer(record(leader))
        #expect(
            loser.beginAcquisition(
                over: record(leader), listIsGone: false, ttl: ttl, holder: nil, at: start + .seconds(20)) == nil)
        loser.acquisitionSettled()
        #expect(ask(&loser, request(leader), after: .seconds(21)) == .accepted)
    }

    @Test func `a lock that changed since it was read is not written`() {
        var member = observer(record(leader))
        #expect(
            member.beginAcquisition(
                over: record(leader, version: "older"), listIsGone: false, ttl: ttl, holder: nil,
                at: start + .seconds(20)) != nil)
        #expect(
            member.beginAcquisition(
                over: record(leader), listIsGone: false, ttl: ttl, holder: nil, at: start + .seconds(19)) != nil)
    }

    @Test(arguments: [
        // (this Pod's entry, does any listed Pod exist, may it take the lock)
        ("u1", false, true), ("u1", true, true), ("u1-before", true, false), ("u1-before", false, true),
        (nil, true, false), (nil, false, false),
    ])
    func `a newcomer or a successor takes no expired lock of a list it is not in`(
        _ uid: String?, _ exists: Bool, _ may: Bool
    ) {
        var entries: Set = [FailsafeList.Entry(name: "demo-0", apiURL: "a", podUID: "u0")]
        if let uid { entries.insert(FailsafeList.Entry(name: "demo-1", apiURL: "b", podUID: uid)) }
        let listed = record(leader, failsafe: FailsafeList(entries))
        var member = observer(listed)
        let problem = member.beginAcquisition(
            over: listed, listIsGone: !exists, ttl: ttl, holder: nil, at: start + .seconds(20))
        #expect((problem == nil) == may)
        // A lock that was let go is free for everybody.
        let released = record(nil, version: "b", failsafe: FailsafeList(entries))
        member.observe(released, at: start + .seconds(30))
        #expect(
            member.beginAcquisition(over: released, listIsGone: false, ttl: ttl, holder: nil, at: start + .seconds(30))
                == nil)
    }

    @Test func `what every member agreed to keeps the lock mine, another holder in the record ends it`() {
        var holder = observer(record(me))
        holder.moveOwnershipEnd(to: start + .seconds(40))
        #expect(!holder.standing(at: start, ttl: ttl, holder: nil).isMine)
        holder.confirmOwnership(until: start + .seconds(17))
        holder.moveOwnershipEnd(to: start + .seconds(30))
        #expect(holder.standing(at: start + .seconds(29), ttl: ttl, holder: nil) == .mine(until: start + .seconds(30)))
        holder.observe(record(third, epoch: 5, version: "b"), at: start + .seconds(20))
        #expect(holder.standing(at: start + .seconds(20), ttl: ttl, holder: nil) == .held(by: "demo-2"))
    }
}
