import ClusterRecords
import HighAvailability
import KubernetesClient
import KubernetesModels
import Logging
import Testing
import Units

@testable import ClusterStore

/// What one member may say to a leader that asks it to stay and to a candidate that asks it to let go.
@Suite struct PromiseTests {
    private let clock = ManualClock()
    private let watch: ClusterWatch
    private static let ttl = Duration.seconds(20)
    private static let me = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "mine")
    private static let leader = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n")

    /// A member that has seen the leader's lock run out.
    init() {
        let clock = clock
        watch = ClusterWatch(
            client: KubernetesClient(configuration: ClusterConfiguration(server: "http://127.0.0.1:1")),
            scope: Scope(namespace: "none", cluster: "demo"), lockObject: .configMap, me: Self.me,
            container: "postgres", logger: Logger(label: "none") { _ in SwiftLogNoOpLogHandler() }
        ) { clock.now }
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
        // For the one it has waited for it does.
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

    private struct NoInit: Error {}

    @Test func `an own write in the lock makes nobody the holder before init has the deadline`() throws {
        let until = clock.now + .seconds(17)
        let mine = Self.record(Self.me, epoch: 5, version: "b")
        show(mine)
        #expect(watch.standing(ttl: Self.ttl) == .mineFromEarlierLife)
        #expect(throws: NoInit.self) {
            try watch.confirmOwnership(of: mine, until: until) { throw NoInit() }
        }
        #expect(watch.standing(ttl: Self.ttl) == .mineFromEarlierLife)
        try watch.confirmOwnership(of: mine, until: until) {}
        #expect(watch.standing(ttl: Self.ttl) == .mine(until: until))
        clock.advance(by: .seconds(17))
        #expect(!watch.standing(ttl: Self.ttl).isMine)
    }

    @Test func `a write that another has overwritten makes nobody the holder`() throws {
        let mine = Self.record(Self.me, epoch: 5, version: "b")
        show(mine)
        show(Self.record(Self.leader, epoch: 6, version: "c"))
        try watch.confirmOwnership(of: mine, until: clock.now + .seconds(17)) {}
        #expect(watch.standing(ttl: Self.ttl) == .held(by: "demo-0"))
    }
}
