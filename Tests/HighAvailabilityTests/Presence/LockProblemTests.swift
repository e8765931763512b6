import HighAvailability
import Testing
import Units

@Suite struct LockProblemTests {
    private static func describe(
        _ server: ServerState, _ lock: LockStanding, activity: Activity? = nil, recorded: UInt32? = 2,
        isPaused: Bool = false, hasPostmaster: Bool? = nil, change: (inout ClusterView) -> Void = { _ in }
    ) -> String? {
        var view = Fixture.cluster(timeline: recorded)
        view.configuration.isPaused = isPaused
        change(&view)
        let problem = describeLockProblem(
            of: server, activity: activity, lock: lock, in: view, hasPostmaster: hasPostmaster ?? server.hasProcess)
        let bar = describeBarToLeading(of: server, activity: activity, lock: lock, in: view)
        #expect(problem == nil || bar == nil)
        return problem ?? bar
    }

    private static let primary = ServerState.primary(Fixture.running())
    private static let held = LockStanding.held(by: "demo-1")

    @Test func `a primary beside the one that holds the lock is told, and what becomes of it`() {
        #expect(
            Self.describe(Self.primary, Self.held)
                == "runs as a primary without the lock, which demo-1 holds: it is stopped, "
                + "and what it alone has is left behind")
        #expect(
            Self.describe(Self.primary, Self.held, isPaused: true)
                == "runs as a primary without the lock, which demo-1 holds: it is stopped when the cluster is resumed, "
                + "and what it alone has is left behind")
    }

    @Test func `nothing is told of a primary that its agent brings up or down, or that has ended since it was seen`() {
        for activity in Activity.allCases {
            let problem = Self.describe(Self.primary, Self.held, activity: activity)
            #expect((problem != nil) == (activity == .demoting), "\(activity)")
        }
        #expect(Self.describe(Self.primary, Self.held, activity: .demoting, hasPostmaster: false) == nil)
    }

    @Test func `what such a primary leaves behind is told until it is rewound`() {
        let ended = Fixture.stopped(wasPrimary: true, timeline: 3)
        for activity in [nil] + Activity.allCases {
            let problem = Self.describe(ended, Self.held, activity: activity)
            #expect(
                problem
                    == (activity == nil || activity == .rejoining
                        ? "was a primary on timeline 3, and the cluster, in which demo-1 holds the lock, "
                            + "has come to 2: what it alone has is left behind"
                        : nil))
        }
        #expect(Self.describe(Fixture.stopped(wasPrimary: false, timeline: 3), Self.held) == nil)
        #expect(Self.describe(Fixture.stopped(wasPrimary: true, timeline: 2), Self.held) == nil)
        #expect(Self.describe(ended, Self.held, isPaused: true) == nil)
        #expect(Self.describe(ended, Self.held, recorded: nil) == nil)
        #expect(Self.describe(ended, .expired(holder: "demo-1")) == nil)
    }

    @Test func `data of a timeline that the cluster has left are told while nobody leads`() {
        let sentence =
            "may not lead: its data end on timeline 1, and the cluster has come to 2; "
            + "a member that has what was written there is waited for"
        for server in [Fixture.stopped(wasPrimary: true, timeline: 1), .standby(Fixture.running(timeline: 1))] {
            for lock in Fixture.locks {
                #expect(Self.describe(server, lock) == (lock.isFree ? sentence : nil), "\(server), \(lock)")
                #expect(Self.describe(server, lock, isPaused: true) == nil)
                #expect(Self.describe(server, lock, recorded: 1) == nil)
                #expect(Self.describe(server, lock, recorded: nil) == nil)
            }
            // While its agent brings it up or down, what was seen of it last is no longer true.
            for activity in Activity.allCases {
                let problem = Self.describe(server, .neverTaken, activity: activity)
                #expect(problem == (activity == .racing ? sentence : nil), "\(activity)")
            }
        }
    }

    @Test func `a standby that lacks more than may be lost tells how much, while nobody leads`() {
        let standby = ServerState.standby(Fixture.running(position: 1000))
        func describe(
            _ server: ServerState = standby, _ lock: LockStanding = .expired(holder: "demo-1"),
            activity: Activity? = nil, published: UInt64?, change: (inout ClusterView) -> Void = { _ in }
        ) -> String? {
            Self.describe(server, lock, activity: activity) {
                $0.configuration.maximumLagOnFailover = ByteCount(rawValue: 500)
                $0.lock?.position = published.map { LSN(rawValue: $0) }
                change(&$0)
            }
        }
        func sentence(_ bound: String, limit: String = "500 B") -> String {
            "may not lead: it is more than \(bound) of WAL behind the last leader, "
                + "and no more than \(limit) may be lost; until it has replayed more, a member that has more is waited for"
        }
        #expect(describe(published: 1501) == sentence("500 B"))
        #expect(describe(published: 2024) == sentence("512 B"))
        #expect(describe(published: 2025) == sentence("1 KiB"))
        #expect(describe(published: 1000 + 100 << 20) == sentence("64 MiB"))
        #expect(
            describe(published: 1001) { $0.configuration.maximumLagOnFailover = ByteCount(rawValue: 0) }
                == sentence("0 B", limit: "0 B"))
        for activity in Activity.allCases {
            let problem = describe(activity: activity, published: 1501)
            #expect(problem == (activity == .racing ? sentence("500 B") : nil), "\(activity)")
        }
        #expect(describe(published: 1500) == nil)
        #expect(describe(published: nil) == nil)
        #expect(describe(standby, Self.held, published: 1501) == nil)
        #expect(describe(published: 1501) { $0.configuration.isPaused = true } == nil)
        // As in an election, the record counts, and not the mode.
        #expect(describe(published: 1501) { $0.configuration.synchronous.mode = .quorum } == sentence("500 B"))
        #expect(describe(published: 1501) { $0.synchronous = SynchronousState(leader: nil) } == sentence("500 B"))
        #expect(describe(published: 1501) { $0.synchronous = SynchronousState(leader: "demo-1", members: []) } == nil)
        // What a primary, or data that were one, lack is another question.
        for server in Fixture.servers where server != ServerState.standby(Fixture.running()) {
            #expect(describe(server, published: 1501) == nil, "\(server)")
        }
    }

    @Test func `a standby that replays has one sentence for each doubling of its lag, not one for each look`() {
        var told: [String?] = []
        let end: UInt64 = 1 << 30
        for position in stride(from: 0, through: end, by: 100_000) {
            let problem = Self.describe(.standby(Fixture.running(position: position)), .neverTaken) {
                $0.configuration.maximumLagOnFailover = .mebibytes(1)
                $0.lock?.position = LSN(rawValue: end)
            }
            if told.last != problem { told.append(problem) }
        }
        // 512 MiB to 1 MiB, and at last nothing.
        #expect(told.count == 11, "\(told)")
        #expect(told.last == .some(nil))
        #expect(Set(told).count == told.count)
    }

    @Test func `nothing is told of a server that goes with the lock`() {
        for server in Fixture.servers {
            for lock in Fixture.locks where server != Self.primary || lock != Self.held {
                for isPaused in [false, true] {
                    #expect(Self.describe(server, lock, isPaused: isPaused) == nil, "\(server), \(lock)")
                }
            }
        }
    }
}
