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
        return describeLockProblem(
            of: server, activity: activity, lock: lock, in: view, hasPostmaster: hasPostmaster ?? server.hasProcess)
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
                        ? "was promoted without the lock, which demo-1 holds: timeline 3, which it began, is left behind"
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
        }
    }

    @Test func `a standby that lacks more than may be lost tells how much, while nobody leads`() {
        let standby = ServerState.standby(Fixture.running(position: 1000))
        func describe(
            _ server: ServerState = standby, _ lock: LockStanding = .expired(holder: "demo-1"), published: UInt64?,
            change: (inout ClusterView) -> Void = { _ in }
        ) -> String? {
            Self.describe(server, lock) {
                $0.configuration.maximumLagOnFailover = ByteCount(rawValue: 500)
                $0.lock?.position = published.map { LSN(rawValue: $0) }
                change(&$0)
            }
        }
        #expect(
            describe(published: 1501)
                == "may not lead: it lacks 501 bytes of WAL that the last leader had, and no more than 500 may be lost; "
                + "a member that has them is waited for")
        #expect(describe(published: 1500) == nil)
        #expect(describe(published: nil) == nil)
        #expect(describe(standby, Self.held, published: 1501) == nil)
        #expect(describe(published: 1501) { $0.configuration.isPaused = true } == nil)
        #expect(describe(published: 1501) { $0.configuration.synchronous.mode = .quorum } == nil)
        #expect(describe(published: 1501) { $0.synchronous = SynchronousState(leader: "demo-1", members: []) } == nil)
        // What a primary, or data that were one, lack is another question.
        for server in Fixture.servers where server != ServerState.standby(Fixture.running()) {
            #expect(describe(server, published: 1501) == nil, "\(server)")
        }
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
