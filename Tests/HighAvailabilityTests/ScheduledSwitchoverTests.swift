import HighAvailability
import Testing
import Units

/// A switchover with Patroni's `scheduled_at`.
@Suite struct ScheduledSwitchoverTests {
    private static let at = WallInstant(microsecondsSince1970: 1_800_000_000_000_000)

    private func wall(_ seconds: Double) -> WallInstant {
        WallInstant(microsecondsSince1970: Self.at.microsecondsSince1970 + Int64(seconds * 1_000_000))
    }

    private func observation(
        at seconds: Double?, leader: String? = "demo-0", instant: WallInstant? = Self.at, isPaused: Bool = false
    ) -> Observation {
        Fixture.observation(lock: Fixture.mine, server: .primary(Fixture.running()), leader: "demo-0") {
            $0.cluster.failover = FailoverRequest(
                leader: leader, candidate: "demo-1", requestID: "s",
                schedule: Schedule(text: "2027-01-15T08:00:00+00:00", instant: instant))
            $0.wallClock = seconds.map(wall)
            $0.cluster.configuration.isPaused = isPaused
        }
    }

    /// The default loop is 5 s, so 7.5 s is the longest delay.
    @Test(
        arguments: [
            (-3600, Action.lead), (-0.001, .lead), (0, .handOver(to: "demo-1", requestID: "s")),
            (7.5, .handOver(to: "demo-1", requestID: "s")), (7.6, .refuseHandOver(requestID: "s")),
            (3600, .refuseHandOver(requestID: "s")), (nil, .lead),
        ] as [(Double?, Action)])
    func `it fires at its time, not before it, and not long after it`(_ seconds: Double?, _ action: Action) {
        #expect(decide(observation(at: seconds)).action == action)
    }

    @Test func `the leader wakes at its time, not a heartbeat later`() {
        let loopWait = observation(at: 0).cluster.configuration.timings.loopWait
        #expect(longestPause(after: observation(at: -2), lockExpiry: nil) == .seconds(2))
        #expect(longestPause(after: observation(at: -3600), lockExpiry: nil) == loopWait)
        #expect(longestPause(after: observation(at: nil), lockExpiry: nil) == loopWait)
    }

    @Test func `what cannot be scheduled is refused in Patroni's words`() {
        #expect(decide(observation(at: -60, instant: nil)).reason.contains("Unable to parse scheduled timestamp"))
        #expect(decide(observation(at: -60, leader: nil)).reason.contains("Failover can't be scheduled"))
        #expect(
            decide(observation(at: -60, isPaused: true)).reason.contains(
                "Can't schedule switchover in the paused state"))
        #expect(decide(observation(at: 60)).reason.contains("Found a stale switchover value, cleaning up: 2027-01-15"))
    }

    @Test func `it takes part in no election, whatever the time`() {
        let request = observation(at: 0).cluster.failover
        var forced = request
        forced?.leader = nil
        for request in [request, forced] {
            let me = PositionReport(
                name: "demo-0", isPrimary: false, timeline: Timeline(rawValue: 2), position: LSN(rawValue: 1000))
            var candidate = me
            candidate.name = "demo-1"
            let verdict = judgeCandidacy(
                Candidacy(
                    me: me, others: [candidate], lastKnownPosition: nil, recordedTimeline: nil,
                    maximumLag: ByteCount(rawValue: 100), request: request))
            guard case .run = verdict else {
                Issue.record("\(verdict)")
                continue
            }
        }
    }
}
