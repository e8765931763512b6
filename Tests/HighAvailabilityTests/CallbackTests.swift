import HighAvailability
import Testing
import Units

@Suite struct CallbackStoryTests {
    private static func server(_ time: String? = "t1") -> RunningServer {
        RunningServer(
            systemIdentifier: Fixture.identifier, timeline: Timeline(rawValue: 2), position: LSN(rawValue: 1000),
            postmasterStartTime: time)
    }

    private static func look(
        _ lock: LockStanding, _ server: ServerState, standbyOf remote: StandbyCluster? = nil, isPaused: Bool = false
    ) -> Observation {
        Fixture.observation(lock: lock, server: server, leader: "demo-0") {
            $0.cluster.configuration.standbyCluster = remote
            $0.cluster.configuration.isPaused = isPaused
        }
    }

    private static let held = LockStanding.held(by: "demo-1")
    private static let stopped = Fixture.stopped(wasPrimary: true, isClean: false)

    /// What is told of one look after the other, as a callback's arguments.
    private static func told(_ looks: [Observation]) -> [String] {
        var story = CallbackStory()
        return looks.compactMap { story.look($0).map { "\($0.action.rawValue) \($0.role.rawValue)" } }
    }

    @Test func `a replica that starts, is promoted, loses the lock and follows again tells each once`() {
        #expect(
            Self.told([
                Self.look(Self.held, .noData), Self.look(Self.held, .standby(Self.server())),
                Self.look(Self.held, .standby(Self.server())),
                // The lock is there before the promotion.
                Self.look(Fixture.mine, .standby(Self.server())), Self.look(Fixture.mine, .primary(Self.server(nil))),
                Self.look(Fixture.mine, .primary(Self.server())),
                Self.look(Self.held, .primary(Self.server())), Self.look(Self.held, Self.stopped),
                Self.look(Self.held, .standby(Self.server("t2"))),
            ]) == [
                "on_start replica", "on_role_change primary", "on_role_change demoted", "on_role_change replica",
            ])
    }

    @Test func `a primary that is started again in place tells a start, one that somebody restarted a restart`() {
        var story = CallbackStory()
        #expect(story.look(Self.look(Fixture.mine, .primary(Self.server(nil))))?.action == .start)
        #expect(story.look(Self.look(Fixture.mine, .primary(Self.server("t1")))) == nil)
        #expect(story.look(Self.look(Fixture.mine, Self.stopped)) == nil)
        #expect(story.look(Self.look(Fixture.mine, .primary(Self.server(nil)))) == nil)
        #expect(story.look(Self.look(Fixture.mine, .primary(Self.server("t2"))))?.action == .start)
        story.noteRestart()
        #expect(story.look(Self.look(Fixture.mine, .primary(Self.server("t2")))) == nil)
        #expect(story.look(Self.look(Fixture.mine, .primary(Self.server("t3"))))?.action == .restart)
        #expect(story.look(Self.look(Fixture.mine, .primary(Self.server("t4"))))?.action == .start)
    }

    @Test func `PostgreSQL's own recovery and a silence are nothing to tell`() {
        let primary = Self.look(Fixture.mine, .primary(Self.server()))
        #expect(
            Self.told([
                primary, Self.look(Fixture.mine, .starting(systemIdentifier: Fixture.identifier)), primary,
                Self.look(Fixture.mine, .unresponsive(systemIdentifier: Fixture.identifier)), primary,
            ]) == ["on_start primary"])
    }

    @Test func `a standby leader has a role of its own, and is a replica again without the lock`() {
        let remote = StandbyCluster(host: "site-a.example")
        let standby = ServerState.standby(Self.server())
        #expect(
            Self.told([
                Self.look(Fixture.mine, standby, standbyOf: remote), Self.look(Self.held, standby, standbyOf: remote),
            ]) == ["on_start standby_leader", "on_role_change replica"])
    }

    @Test func `a primary in pause leads on without the lock until it is gone`() {
        let primary = ServerState.primary(Self.server())
        #expect(
            Self.told([
                Self.look(Fixture.mine, primary), Self.look(.expired(holder: "demo-0"), primary, isPaused: true),
                Self.look(.expired(holder: "demo-0"), Self.stopped, isPaused: true),
            ]) == ["on_start primary", "on_role_change demoted"])
    }

    @Test func `after the stop nothing is told any more, and before the start neither`() {
        var story = CallbackStory()
        #expect(story.stop(epoch: 1) == nil && story.reload(epoch: 1) == nil)
        _ = story.look(Self.look(Fixture.mine, .primary(Self.server())))
        #expect(story.reload(epoch: 4) == CallbackCall(.reload, .primary, epoch: 4))
        #expect(story.stop(epoch: 5) == CallbackCall(.stop, .primary, epoch: 5))
        #expect(story.look(Self.look(Self.held, Self.stopped)) == nil)
        #expect(story.stop(epoch: 5) == nil && story.reload(epoch: 5) == nil)
    }
}

@Suite struct CallbackQueueTests {
    private static let promoted = CallbackCall(.roleChange, .primary, epoch: 3)
    private static let demoted = CallbackCall(.roleChange, .demoted, epoch: 4)
    private static let follows = CallbackCall(.roleChange, .replica, epoch: 4)
    private static let restarted = CallbackCall(.restart, .primary, epoch: 3)

    @Test func `a callback of a former role is ended before the next one begins`() {
        var queue = CallbackQueue()
        #expect(queue.add(Self.promoted) == .start(Self.promoted))
        #expect(queue.add(Self.demoted) == .end)
        // It is ended once; what was not begun and is old by now never is.
        #expect(queue.add(Self.follows) == .wait)
        #expect(queue.ended() == .start(Self.follows))
        #expect(queue.ended() == .wait)
        #expect(queue.isIdle)
    }

    @Test func `the last of many changes of role is the one that remains`() {
        var queue = CallbackQueue()
        #expect(queue.add(Self.follows) == .start(Self.follows))
        #expect(queue.add(Self.promoted) == .end)
        #expect(queue.add(Self.demoted) == .wait)
        let again = CallbackCall(.roleChange, .primary, epoch: 5)
        #expect(queue.add(again) == .wait)
        #expect(queue.ended() == .start(again))
        #expect(queue.ended() == .wait)
    }

    @Test func `an event of the same role waits its turn, once`() {
        var queue = CallbackQueue()
        #expect(queue.add(Self.promoted) == .start(Self.promoted))
        #expect(queue.add(Self.restarted) == .wait)
        #expect(queue.add(Self.restarted) == .wait)
        #expect(queue.ended() == .start(Self.restarted))
        #expect(queue.ended() == .wait)
    }

    @Test func `the end does not wait`() {
        var queue = CallbackQueue()
        let end = CallbackCall(.stop, .primary, epoch: 3)
        #expect(queue.add(Self.promoted) == .start(Self.promoted))
        #expect(queue.add(Self.restarted) == .wait)
        #expect(queue.add(end) == .end)
        #expect(queue.ended() == .start(end))
    }
}
