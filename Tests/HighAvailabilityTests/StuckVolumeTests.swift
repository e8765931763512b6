import Testing
import Units

@testable import HighAvailability

@Suite struct StuckVolumeTests {
    private static let timings = Timings.standard

    @Test func `a volume is stuck after retry_timeout, and answers until then`() {
        let limit = Self.timings.retryTimeout
        #expect(!ServerHealth.isVolumeStuck(since: nil, at: Fixture.now, Self.timings))
        let just = Fixture.now - limit + .milliseconds(1)
        #expect(!ServerHealth.isVolumeStuck(since: just, at: Fixture.now, Self.timings))
        #expect(ServerHealth.isVolumeStuck(since: Fixture.now - limit, at: Fixture.now, Self.timings))
    }

    @Test
    func `a primary that cannot write has an outage since its last write, and a successor is asked for after ttl`() {
        let since = Fixture.now - Self.timings.ttl
        let primary = ServerState.primary(Fixture.running())
        let look = lookAtOutage(
            nil, primary, activity: nil, silentSince: nil, volumeStuckSince: since, at: Fixture.now, Self.timings)
        #expect(look == .missing(PrimaryOutage(since: since, volumeStuckSince: since)))
        let outage = PrimaryOutage(since: since, volumeStuckSince: since)
        let configuration = DynamicConfiguration()
        #expect(
            outage.reasonToAsk(primary, at: Fixture.now, configuration)
                == "stopped PostgreSQL because its volume takes no writes")
        #expect(outage.reasonToAsk(primary, at: Fixture.now - .milliseconds(1), configuration) == nil)
        // It writes again: that has to last before the outage is over.
        let mended = lookAtOutage(
            outage, primary, activity: nil, silentSince: nil, at: Fixture.now, Self.timings)
        #expect(mended == .answering(PrimaryOutage(since: since, answeringSince: Fixture.now)))
    }

    @Test func `a leader that cannot write lets go when somebody could lead, and leads on while nobody could`() {
        var observation = Fixture.observation(
            lock: .mine(until: Fixture.now + .seconds(15)), server: .primary(Fixture.running()))
        observation.isVolumeStuck = true
        let since = Fixture.now - Self.timings.ttl
        observation.outage = PrimaryOutage(since: since, volumeStuckSince: since)
        #expect(decide(observation).action == .wait)
        observation.outage?.successor = "demo-1"
        #expect(decide(observation).action == .release)
        // Before its time it leads on, whoever could.
        observation.outage?.volumeStuckSince = Fixture.now - Self.timings.retryTimeout
        #expect(decide(observation).action == .wait)
        observation.outage?.volumeStuckSince = since
        for change: (inout Observation) -> Void in [
            { $0.cluster.configuration.isPaused = true },
            // The store is away: nobody could take what is let go.
            { $0.isFailsafeActive = true },
        ] {
            var other = observation
            change(&other)
            #expect(decide(other).action == .lead)
        }
    }

    @Test func `a volume that hangs after something else was wrong has all its time`() {
        let (began, stuck) = (Fixture.now - Self.timings.ttl * 4, Fixture.now - Self.timings.retryTimeout)
        // It had crashed, and was a primary again for less than that counts for.
        let crashed = PrimaryOutage(since: began, answeringSince: stuck)
        let look = lookAtOutage(
            crashed, .primary(Fixture.running()), activity: nil, silentSince: nil, volumeStuckSince: stuck,
            at: Fixture.now, Self.timings)
        guard case .missing(let outage) = look else {
            Issue.record("\(look)")
            return
        }
        let configuration = DynamicConfiguration()
        #expect(outage.reasonToGiveWay(at: Fixture.now, configuration) == nil)
        let due = stuck + Self.timings.ttl
        #expect(outage.turningPoints(configuration).contains(due))
        #expect(outage.reasonToGiveWay(at: due - .milliseconds(1), configuration) == nil)
        #expect(outage.reasonToGiveWay(at: due, configuration) != nil)
    }

    @Test func `a member that cannot write begins nothing, and is nobody's successor`() {
        for server in Fixture.servers {
            var observation = Fixture.observation(lock: .expired(holder: "demo-1"), server: server)
            observation.isVolumeStuck = true
            if case .primary = server {
                #expect(decide(observation).action != .wait)
            } else if case .unusable = server {
                #expect(decide(observation).action == .refuse)
            } else {
                #expect(decide(observation).action == .wait, "\(server)")
            }
        }
        #expect(Availability(tags: MemberTags(), isStopping: false, isBarred: false).mayLead)
        #expect(!Availability(tags: MemberTags(), isStopping: false, isVolumeStuck: true, isBarred: false).mayLead)
    }

    @Test func `a failover that is asked for whatever it costs does not wait for the volume`() {
        var observation = Fixture.observation(
            lock: .mine(until: Fixture.now + .seconds(15)), server: .primary(Fixture.running()))
        observation.cluster.failover = FailoverRequest(candidate: "demo-1")
        observation.isVolumeStuck = true
        #expect(decide(observation).action == .release)
        // One that is to cost nothing has to be able to shut down in order.
        observation.cluster.failover = FailoverRequest(leader: "demo-0", candidate: "demo-1")
        #expect(decide(observation).action == .wait)
    }
}
