import HighAvailability
import Testing
import Units

@Suite struct FailsafeDecisionTests {
    private static let primary = ServerState.primary(
        RunningServer(systemIdentifier: Fixture.identifier, timeline: Timeline(rawValue: 2), position: .invalid))

    @Test(arguments: [false, true])
    func `a primary that stays by consent says why, and carries out no request from a store it cannot read`(
        _ isPaused: Bool
    ) {
        let observation = Fixture.observation(lock: Fixture.mine, server: Self.primary, leader: "demo-0") {
            $0.isFailsafeActive = true
            $0.cluster.configuration.isPaused = isPaused
            $0.cluster.failover = FailoverRequest(leader: "demo-0", candidate: "demo-1")
        }
        #expect(
            decide(observation)
                == Decision(
                    .lead,
                    "continue to run as a leader because failsafe mode is enabled and all members are accessible"))
    }

    @Test(arguments: [LockEnd.ranOut, .lost], [false, true])
    func `a primary whose lock has ended is stopped, whatever the record shows and also in a pause`(
        _ end: LockEnd, _ isPaused: Bool
    ) {
        let standings: [LockStanding] = [
            .mineFromEarlierLife, .held(by: "demo-1"), .neverTaken, .expired(holder: "demo-1"),
            .released(heir: nil, since: Fixture.now),
        ]
        for lock in standings {
            let observation = Fixture.observation(lock: lock, server: Self.primary) {
                $0.lockEnd = end
                $0.cluster.configuration.isPaused = isPaused
            }
            #expect(decide(observation).action == .demote, "\(lock)")
        }
    }
}
