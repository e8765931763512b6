import HighAvailability
import Testing
import Units

@Suite struct ServerHealthTests {
    private static let now = Fixture.now
    private static let timings = Timings.standard

    @Test func `a lock is renewed for two loops after its server was seen well, and no longer for a silence`() {
        let grace = Self.now + Self.timings.loopWait * 2
        for former in [Self.now - .seconds(60), Self.now + .seconds(1), Self.now + .seconds(60)] {
            for look in ServerLook.allCases {
                let until = ServerHealth.renewable(until: former, after: look, at: Self.now, Self.timings)
                let expected =
                    switch look {
                    // Also where an action had given it more.
                    case .accepting, .full, .refusing: grace
                    case .comingUpAsAwaited: max(former, grace)
                    case .comingUp, .silent, .failing: former
                    }
                #expect(until == expected, "\(look), \(former)")
            }
        }
    }

    @Test func `a server that comes up by itself, or answers nobody, runs out with its lock`() {
        var until = Self.now + Self.timings.loopWait * 2
        for second in 0..<100 as Range<Int> {
            for look in [ServerLook.silent, .comingUp, .failing] {
                until = ServerHealth.renewable(
                    until: until, after: look, at: Self.now + .seconds(second), Self.timings)
            }
        }
        #expect(until == Self.now + Self.timings.loopWait * 2)
    }

    @Test func `an action gives the lock its patience, which ends with it`() {
        for activity in Activity.allCases {
            let begun = ServerHealth.renewable(
                until: Self.now + .seconds(1), during: activity, from: Self.now, Self.timings)
            #expect(begun == Self.now + activity.patience(Self.timings), "\(activity)")
            let later = Self.now + .seconds(1000)
            #expect(ServerHealth.renewable(until: later, during: activity, from: Self.now, Self.timings) == later)
        }
        #expect(
            ServerHealth.renewable(afterActivityAt: Self.now, Self.timings) == Self.now + Self.timings.loopWait * 2)
    }

    @Test(arguments: [Timings.fast, .standard, .tolerant])
    func `a silence is death after three seconds, and as soon as a request to the store may take`(timings: Timings) {
        let limit = min(timings.retryTimeout, .seconds(3))
        let dead = { (since: BootInstant?) in
            ServerHealth.isSilentForTooLong(since: since, at: Self.now, timings)
        }
        #expect(!dead(nil))
        #expect(!dead(Self.now))
        #expect(!dead(Self.now - limit + .milliseconds(1)))
        #expect(dead(Self.now - limit))
    }

    @Test func `a retryTimeout below three seconds is the longest silence`() {
        var timings = Timings.fast
        timings.retryTimeout = .seconds(1)
        #expect(ServerHealth.isSilentForTooLong(since: Self.now - .seconds(1), at: Self.now, timings))
    }

    @Test func `a server that refuses everybody has as long as a request to the store`() {
        let since = Self.now - Self.timings.retryTimeout
        #expect(!ServerHealth.isFailingForTooLong(since: nil, at: Self.now, Self.timings))
        #expect(!ServerHealth.isFailingForTooLong(since: since + .milliseconds(1), at: Self.now, Self.timings))
        #expect(ServerHealth.isFailingForTooLong(since: since, at: Self.now, Self.timings))
    }
}
