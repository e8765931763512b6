import ClusterRecords
import HighAvailability
import KubernetesClient
import KubernetesModels
import Logging
import Synchronization
import TestSupport
import Testing
import Units

@testable import ClusterStore

/// What one member may say to a leader that asks it to stay and to a candidate that asks it to let go.
@Suite struct PromiseTests {
    private let clock = ManualClock()
    private let line = Line()
    private let watch: ClusterWatch
    private static let ttl = Duration.seconds(20)
    private static let me = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "mine")
    private static let leader = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n")

    /// A member that has seen the leader's lock run out.
    init() {
        let (clock, line) = (clock, line)
        watch = ClusterWatch(
            scope: Scope(namespace: "none", cluster: "demo"), lockObject: .configMap, container: "postgres",
            desk: LockDesk(me: Self.me, fence: line, clock: clock), clock: clock)
        show(Self.record())
    }

    private func show(_ record: LockRecord) { watch.learn(lock: record, annotations: [:]) }

    private static func record(
        _ identity: HolderIdentity? = leader, epoch: Int64 = 4, version: String = "a"
    ) -> LockRecord {
        LockRecord(
            version: version, leader: identity?.member, identity: identity, epoch: epoch, renewal: version, ttl: ttl,
            transitions: 1)
    }

    private func vouch(epoch: Int64 = 4) -> FailsafeAnswer {
        watch.answer(
            FailsafeRequest(
                leader: "demo-0",
                claim: .init(
                    identity: Self.leader, epoch: epoch, ttl: Self.ttl, member: "demo-1", podUID: Self.me.podUID)),
            isPrimary: false, ttl: Self.ttl)
    }

    private func seal(epoch: Int64 = 5, lock: String = "a") -> SealVerdict {
        watch.beginSeal(Seal(epoch: epoch, lockVersion: lock), isPrimary: false, ttl: Self.ttl)
    }

    @Test func `a member that has promised a candidate the next epoch does not vouch for the leader before it`() {
        clock.advance(by: Self.ttl)
        #expect(seal() == .seal)
        #expect(vouch() == .refused("sealed for epoch 5"))
        // For the one it has waited for it does, once the store has shown that one.
        show(Self.record(epoch: 5, version: "b"))
        #expect(vouch(epoch: 5) == .accepted)
    }

    @Test func `a member that was sealed before its agent started again does not vouch either`() {
        watch.note(Seal(epoch: 5, lockVersion: "a"))
        #expect(vouch() == .refused("sealed for epoch 5"))
        watch.note(nil)
        #expect(vouch() == .accepted)
    }

    @Test func `a member that vouched for its leader has no vote before that time is over`() {
        clock.advance(by: .seconds(15))
        #expect(vouch() == .accepted)
        clock.advance(by: .milliseconds(19_999))
        #expect(seal() == .refuse("the lock is held by demo-0"))
        clock.advance(by: .milliseconds(1))
        #expect(seal() == .seal)
    }

    @Test func `a promise to a leader that let go holds no vote back`() {
        #expect(vouch() == .accepted)
        show(Self.record(nil, version: "b"))
        #expect(seal(lock: "b") == .seal)
    }

    @Test func `a refused seal binds nobody`() {
        #expect(seal() == .refuse("the lock is held by demo-0"))
        clock.advance(by: Self.ttl)
        #expect(seal(lock: "z") == .refuse("I see another version of the lock than the candidate"))
        #expect(vouch() == .accepted)
    }

    // MARK: Becoming the holder

    /// The way to init, which may be stuck.
    private final class Line: FenceLine {
        struct Stuck: Error {}
        let isStuck = Mutex(false)
        let told = Mutex<BootInstant?>(nil)

        func arm(until instant: BootInstant) throws {
            if isStuck.withLock({ $0 }) { throw Stuck() }
            told.withLock { $0 = instant }
        }
        func disarm() throws {
            if isStuck.withLock({ $0 }) { throw Stuck() }
            told.withLock { $0 = nil }
        }
    }

    /// An own write over `record` that is sent now and lands at once as version b, unless another is shown before its answer.
    private func take(over record: LockRecord, then shown: LockRecord? = nil) -> LockDesk.Step {
        let timings = Timings.standard
        let asked = watch.desk.step { $0.beginAcquisition(over: record, listIsGone: false, at: $1, timings) }
        #expect(asked.write?.attempt == .acquisition(over: record))
        let mine = Self.record(Self.me, epoch: 5, version: "b")
        show(mine)
        #expect(watch.standing(ttl: Self.ttl) == .mineFromEarlierLife)
        if let shown { show(shown) }
        return watch.desk.step { $0.landed(mine, sentAt: $1, timings) }
    }

    private func released() -> LockRecord {
        let released = Self.record(nil, version: "a2")
        show(released)
        return released
    }

    @Test func `an own write in the lock makes nobody the holder before init has the deadline`() {
        let until = clock.now + Timings.standard.fenceDelay
        #expect(take(over: released()).isHeld)
        #expect(line.told.withLock { $0 } == until)
        #expect(watch.standing(ttl: Self.ttl) == .mine(until: until))
        clock.advance(by: Timings.standard.fenceDelay)
        #expect(!watch.standing(ttl: Self.ttl).isMine)
    }

    @Test func `an own write makes nobody the holder when init cannot be told, and the lock is given up`() {
        line.isStuck.withLock { $0 = true }
        let step = take(over: released())
        #expect(!step.isHeld)
        #expect(step.fenceError is Line.Stuck)
        #expect(watch.standing(ttl: Self.ttl) == .mineFromEarlierLife)
        #expect(watch.desk.look { station, _ in station.end } == .lost)
    }

    @Test func `a write that another has overwritten makes nobody the holder`() {
        _ = take(over: released(), then: Self.record(Self.leader, epoch: 6, version: "c"))
        #expect(watch.standing(ttl: Self.ttl) == .held(by: "demo-0"))
    }

    @Test func `whoever waits for changes is woken when this member becomes the holder`() async {
        var changes = watch.changes.makeAsyncIterator()
        _ = await changes.next()
        _ = take(over: released())
        let change: Void? = await changes.next()
        #expect(change != nil)
    }
}
