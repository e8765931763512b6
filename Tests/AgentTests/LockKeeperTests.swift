import ClusterRecords
import ClusterStore
import Fence
import Glibc
import HighAvailability
import KubernetesClient
import KubernetesStore
import Logging
import Synchronization
import TestSupport
import Testing
import Units

@testable import Agent
@testable import AgentShell

/// The keeper of the lock against a real API server, with the reading end of the fence in the test's hand.
@Suite struct LockKeeperTests {
    /// What the keeper is to say, as the loop would tell it.
    private final class Wanted: Sendable {
        let terms = Mutex(LockKeeper.Terms(timings: .fast, mayRenew: false))
    }

    private struct Fixture {
        let wanted = Wanted()
        let keeper: LockKeeper
        let watch: ClusterWatch
        let fence: FenceReceiver

        /// - Parameter isStuck: init does not read; the pipe is full.
        init(isStuck: Bool = false) async throws {
            let controlPlane = try await ControlPlane.shared()
            let client = KubernetesClient(configuration: controlPlane.admin)
            let logger = Logger(label: "keeper") { _ in SwiftLogNoOpLogHandler() }
            let identity = HolderIdentity(member: "demo-0", podUID: "uid", nonce: "first")
            let scope = Scope(namespace: try await controlPlane.namespace(prefix: "keeper"), cluster: "demo")
            fence = try #require(FenceReceiver())
            let handle = try FenceHandle(descriptor: fence.writingDescriptor)
            if isStuck {
                _ = #expect(throws: FenceError.self) {
                    while true { try handle.arm(until: BootClock.now() + .seconds(3600)) }
                }
            }
            let desk = LockDesk(me: identity, fence: handle, clock: BootClock())
            watch = ClusterWatch(
                scope: scope, lockObject: .configMap, container: "postgres", desk: desk, clock: BootClock())
            keeper = LockKeeper(
                identity: identity,
                store: AnnotationStore(
                    objects: KubernetesObjects(
                        client: client, lockClient: client, scope: scope, lockObject: .configMap),
                    scope: scope, lockObject: .configMap, watch: watch, clock: BootClock(),
                    wallClock: { BootClock().wallTime.text }),
                desk: desk, watchdog: Watchdog(WatchdogSettings(), logger: logger), clock: BootClock(), logger: logger,
                terms: { [wanted] in wanted.terms.withLock { $0 } }, consent: { _ in FailsafeConsent() })
        }

        func working(_ body: () async throws -> Void) async throws {
            let keeper = keeper
            let running = Task { await keeper.run() }
            defer { running.cancel() }
            try await body()
        }

        var standing: LockStanding { watch.standing(ttl: Timings.fast.ttl) }
    }

    @Test func `init has the deadline, counted from the sending, when a member becomes the holder`() async throws {
        let fixture = try await Fixture()
        try await fixture.working {
            let before = BootClock.now()
            guard case .held(_, let sentAt) = await fixture.keeper.acquire(over: nil, listIsGone: false) else {
                Issue.record("the lock was not taken")
                return
            }
            #expect(sentAt >= before)
            let until = sentAt + Timings.fast.fenceDelay
            #expect(fixture.standing == .mine(until: until))
            #expect(fixture.fence.latest() == .until(until))
        }
    }

    @Test func `a lock is renewed when that is due, and soon once PostgreSQL is healthy again`() async throws {
        let fixture = try await Fixture()
        try await fixture.working {
            _ = await fixture.keeper.acquire(over: nil, listIsGone: false)
            let taken = fixture.standing
            let due = BootClock.now() + Timings.fast.loopWait + .seconds(1)
            try await eventually("a renewal is overdue") { BootClock.now() > due }
            #expect(taken.isMine && fixture.standing == taken)
            fixture.wanted.terms.withLock { $0.mayRenew = true }
            let renewed = try await eventually(within: .seconds(1), "a renewal") {
                fixture.standing
            } until: {
                $0.isMine && $0 != taken
            }
            _ = try await eventually(within: Timings.fast.loopWait + .seconds(1), "the next one") {
                fixture.standing
            } until: {
                $0.isMine && $0 != renewed
            }
        }
    }

    @Test func `a list that changes is written out of turn`() async throws {
        let fixture = try await Fixture()
        try await fixture.working {
            fixture.wanted.terms.withLock { $0.mayRenew = true }
            _ = await fixture.keeper.acquire(over: nil, listIsGone: false)
            let list = FailsafeList([FailsafeList.Entry(name: "demo-1", apiURL: "http://b:8008", podUID: "u1")])
            fixture.wanted.terms.withLock { $0.failsafe = list }
            fixture.keeper.noteTerms()
            // Sooner than the next renewal.
            try await eventually(within: .seconds(1), "the list is in the store") {
                fixture.keeper.desk.look { station, _ in station.held?.record.failsafe } == list
            }
        }
    }

    @Test func `a member whose init does not listen takes the lock and never believes it`() async throws {
        let fixture = try await Fixture(isStuck: true)
        try await fixture.working {
            #expect(await fixture.keeper.acquire(over: nil, listIsGone: false) == nil)
            #expect(fixture.watch.view()?.lock == nil)
            #expect(!fixture.standing.isMine)
            #expect(fixture.keeper.end == .lost)
        }
    }

    @Test func `the fence of a lock that is held is not lowered, and that of one let go is`() async throws {
        let fixture = try await Fixture()
        try await fixture.working {
            #expect(fixture.keeper.mayBeFenced)
            try fixture.keeper.lowerFence()
            #expect(fixture.fence.latest() == .disarmed)
            #expect(!fixture.keeper.mayBeFenced)
            _ = await fixture.keeper.acquire(over: nil, listIsGone: false)
            #expect(fixture.keeper.mayBeFenced)
            _ = fixture.fence.latest()
            try fixture.keeper.lowerFence()
            #expect(fixture.fence.latest() == nil)
            #expect(fixture.standing.isMine)
            #expect(await fixture.keeper.release(heir: nil, position: nil))
            try fixture.keeper.lowerFence()
            #expect(fixture.fence.latest() == .disarmed)
        }
    }
}
