import HighAvailability
import Testing
import Units

@Suite struct LongestPauseTests {
    private let follower = Fixture.observation(
        lock: .held(by: "demo-1"), server: .standby(Fixture.running()), leader: "demo-1")

    @Test func `a member that waits for nothing sleeps for a heartbeat`() {
        #expect(longestPause(after: follower, lockExpiry: nil) == follower.cluster.configuration.timings.loopWait)
    }

    @Test func `it wakes when the lock runs out or its standing back ends, whichever is first`() {
        var observation = follower
        let expiry = observation.now + .seconds(2)
        #expect(longestPause(after: observation, lockExpiry: expiry) == .seconds(2))
        observation.standsBackUntil = observation.now + .milliseconds(300)
        #expect(longestPause(after: observation, lockExpiry: expiry) == .milliseconds(300))
    }

    @Test func `an instant that has passed is not waited for again`() {
        var observation = follower
        observation.standsBackUntil = observation.now - .seconds(60)
        let past = observation.now - .seconds(1)
        #expect(
            longestPause(after: observation, lockExpiry: past) == observation.cluster.configuration.timings.loopWait)
    }

    @Test func `a free lock, a starting and a silent server are looked at again soon`() {
        let free = Fixture.observation(
            lock: .expired(holder: "demo-1"), server: .standby(Fixture.running()), leader: "demo-1")
        #expect(longestPause(after: free, lockExpiry: nil) == .milliseconds(200))
        var starting = follower
        starting.server = .starting(systemIdentifier: "1")
        #expect(longestPause(after: starting, lockExpiry: nil) == .milliseconds(100))
        #expect(longestPause(after: follower, lockExpiry: nil, isSilent: true) == .milliseconds(500))
    }

    @Test func `no pause is shorter than 20 ms`() {
        var observation = follower
        observation.standsBackUntil = observation.now + .milliseconds(1)
        #expect(longestPause(after: observation, lockExpiry: nil) == .milliseconds(20))
    }
}
