import HighAvailability
import Testing

@Suite struct WatchdogRuleTests {
    private static func judge(
        _ server: ServerState, _ activity: Activity?, isMine: Bool, isPaused: Bool = false, isStandby: Bool = false
    ) -> WatchdogStep {
        judgeWatchdog(server, activity: activity, isMine: isMine, isPaused: isPaused, isStandbyCluster: isStandby)
    }

    private static let activities: [Activity?] = [nil] + Activity.allCases
    private static let stops: Set<Activity> = [.handingOver, .stopping, .demoting, .demotingCluster, .restarting]

    @Test func `while paused there is no watchdog, whatever happens`() {
        for server in Fixture.servers {
            for activity in Self.activities {
                for isMine in [true, false] {
                    #expect(Self.judge(server, activity, isMine: isMine, isPaused: true) == .disable)
                }
            }
        }
    }

    @Test func `who holds the lock has a watchdog, unless its server is being stopped`() {
        for server in Fixture.servers {
            for activity in Self.activities {
                let isStopped = activity.map { Self.stops.contains($0) } ?? false
                #expect(Self.judge(server, activity, isMine: true) == (isStopped ? .rest : .activate))
            }
        }
    }

    @Test func `without the lock it ends once no primary may run any more, and not in the middle of an action`() {
        for server in Fixture.servers {
            let mayBePrimary =
                switch server {
                case .starting, .primary, .unresponsive: true
                case .noData, .unusable, .damaged, .stopped, .standby: false
                }
            #expect(Self.judge(server, nil, isMine: false) == (mayBePrimary ? .rest : .disable))
            for activity in Activity.allCases {
                #expect(Self.judge(server, activity, isMine: false) == .rest)
            }
        }
    }

    @Test func `a standby leader needs none; what it runs but a standby does`() {
        for server in Fixture.servers {
            let isStandby = if case .standby = server { true } else { false }
            #expect(Self.judge(server, nil, isMine: true, isStandby: true) == (isStandby ? .disable : .activate))
        }
    }
}
