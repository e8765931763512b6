import HighAvailability
import Testing
import Units

@Suite struct ReleasePlanTests {
    private static func plan(
        _ server: ServerState, successor: String? = nil, isPaused: Bool = false, isWatchdogMissing: Bool = false
    ) -> ReleasePlan {
        ReleasePlan(
            Fixture.observation(lock: Fixture.mine, server: server, leader: "demo-0") {
                $0.outage = PrimaryOutage(since: Fixture.now, successor: successor)
                $0.cluster.configuration.isPaused = isPaused
                $0.isWatchdogMissing = isWatchdogMissing
            })
    }

    private static func isStandby(_ server: ServerState) -> Bool {
        if case .standby = server { true } else { false }
    }

    @Test func `every server is ended before its lock is let go, but a standby nobody asked to promote`() {
        for decided in Fixture.servers {
            for server in Fixture.servers {
                for successor in [nil, "demo-1"] {
                    let plan = Self.plan(decided, successor: successor)
                    #expect(plan.endsServer(server) == (successor != nil || !Self.isStandby(server)), "\(server)")
                }
            }
        }
    }

    @Test func `a person has two seconds to start a stopped server, and only while the cluster is paused`() {
        for server in Fixture.servers {
            let isStopped = if case .stopped = server { true } else { false }
            #expect(Self.plan(server).timeForHand(server) == nil)
            let time = Self.plan(server, isPaused: true).timeForHand(server)
            #expect(time == (isStopped ? .seconds(2) : nil), "\(server)")
        }
    }

    @Test func `a standby that was asked to promote is looked at once more before it is ended for another's sake`() {
        for server in Fixture.servers {
            #expect(!Self.plan(server).mayLeadAfterAll)
            #expect(Self.plan(server, successor: "demo-1").mayLeadAfterAll == Self.isStandby(server))
        }
    }

    @Test func `a member that is out, or has no watchdog, leaves the lock to others for a ttl; any other does not`() {
        for server in Fixture.servers {
            for timings in [Timings.fast, .standard] {
                #expect(Self.plan(server).timeForOthers(timings) == nil)
                #expect(Self.plan(server, successor: "demo-1").timeForOthers(timings) == timings.ttl)
                #expect(Self.plan(server, isWatchdogMissing: true).timeForOthers(timings) == timings.ttl)
            }
        }
    }
}
