import HighAvailability
import Testing
import Units

@Suite struct PrimaryOutageTests {
    private static let crashed = Fixture.stopped(wasPrimary: true, isClean: false)
    private static let clean = Fixture.stopped(wasPrimary: true)
    private static let starting = ServerState.starting(systemIdentifier: Fixture.identifier)

    private static func decision(
        _ server: ServerState, activity: Activity? = nil, timeout: Duration = .seconds(300), for elapsed: Duration,
        isCrash: Bool = true, failedStarts: Int = 0, successor: String? = "demo-1"
    ) -> Decision {
        decide(
            Fixture.observation(lock: Fixture.mine, server: server, leader: "demo-0") { observation in
                observation.activity = activity
                observation.cluster.configuration.primaryStartTimeout = timeout
                observation.outage = PrimaryOutage(
                    since: Fixture.now - elapsed, isCrash: isCrash, failedStarts: failedStarts, successor: successor)
            })
    }

    @Test func `a leader whose server does not come up gives way when its time is over, in every phase of the start`() {
        let reason = "stopped PostgreSQL because of startup timeout"
        for (server, activity) in [
            (Self.crashed, nil), (Self.clean, nil), (Self.starting, nil), (Self.crashed, Activity.startingPrimary),
        ] {
            #expect(Self.decision(server, activity: activity, for: .seconds(300)) == Decision(.release, reason))
            #expect(Self.decision(server, activity: activity, for: .milliseconds(299_999)).action != .release)
        }
    }

    @Test func `a leader without a successor goes on, whatever has happened`() {
        #expect(Self.decision(Self.crashed, for: .seconds(900), successor: nil).action == .startPrimary)
        #expect(Self.decision(Self.crashed, for: .zero, failedStarts: 9, successor: nil).action == .startPrimary)
        #expect(
            Self.decision(Self.starting, for: .seconds(900), successor: nil)
                == Decision(
                    .wait, "primary start has timed out, but continuing to wait because failover is not possible"))
        #expect(
            Self.decision(Self.crashed, timeout: .zero, for: .zero, successor: nil).action == .startPrimary)
        #expect(
            Self.decision(Self.clean, activity: .startingPrimary, for: .seconds(900), successor: nil).action == .wait)
    }

    @Test func `a failed start ends the leadership at once`() {
        #expect(
            Self.decision(Self.crashed, for: .seconds(1), failedStarts: 1)
                == Decision(.release, "removed leader key after trying and failing to start postgres"))
    }

    @Test func `an elected standby that cannot be promoted or started lets another member lead`() {
        let reason = "removed leader key after trying and failing to start postgres"
        let standby = ServerState.standby(Fixture.running())
        for server in [standby, Fixture.stopped(wasPrimary: false)] {
            let first = Self.decision(server, for: .zero, isCrash: false)
            #expect([.promote, .startStandby(following: nil)].contains(first.action))
            #expect(Self.decision(server, for: .zero, failedStarts: 1) == Decision(.release, reason))
            // Nobody else could: it goes on trying.
            #expect(Self.decision(server, for: .zero, failedStarts: 1, successor: nil).action == first.action)
        }
    }

    private static func promotion(
        replayedAgo: Duration?, for elapsed: Duration = .seconds(900), timeout: Duration = .seconds(300),
        activity: Activity? = .promoting, server: ServerState = .standby(Fixture.running()),
        successor: String? = "demo-1"
    ) -> Decision {
        decide(
            Fixture.observation(lock: Fixture.mine, server: server, leader: "demo-0") { observation in
                observation.activity = activity
                observation.cluster.configuration.primaryStartTimeout = timeout
                var outage = PrimaryOutage(since: Fixture.now - elapsed, successor: successor)
                if let replayedAgo {
                    outage.noteReplay(LSN(rawValue: 1), at: Fixture.now - replayedAgo - .seconds(60))
                    outage.noteReplay(LSN(rawValue: 2), at: Fixture.now - replayedAgo)
                }
                // Looked at again and again without a change.
                outage.noteReplay(LSN(rawValue: replayedAgo == nil ? 1 : 2), at: Fixture.now)
                observation.outage = outage
            })
    }

    @Test(arguments: [nil, Activity.promoting])
    func `an elected standby whose promotion does not end lets another member lead, unless it still replays`(
        activity: Activity?
    ) {
        let given = Decision(.release, "stopped PostgreSQL because its promotion does not end")
        let goesOn: Action = activity == nil ? .promote : .wait
        #expect(Self.promotion(replayedAgo: nil, for: .seconds(300), activity: activity) == given)
        #expect(Self.promotion(replayedAgo: nil, for: .milliseconds(299_999), activity: activity).action == goesOn)
        // What takes long because there is much to replay takes long elsewhere, too.
        #expect(Self.promotion(replayedAgo: .milliseconds(299_999), activity: activity).action == goesOn)
        #expect(Self.promotion(replayedAgo: .seconds(300), activity: activity) == given)
        #expect(Self.promotion(replayedAgo: nil, activity: activity, successor: nil).action == goesOn)
        // Zero is about crashes.
        let early = Self.promotion(replayedAgo: nil, for: .seconds(299), timeout: .zero, activity: activity)
        #expect(early.action == goesOn)
        #expect(Self.promotion(replayedAgo: nil, for: .seconds(300), timeout: .zero, activity: activity) == given)
    }

    @Test func `a promotion that has ended is not undone while the member takes office`() {
        let server = ServerState.primary(Fixture.running())
        #expect(Self.promotion(replayedAgo: nil, server: server).action == .wait)
        #expect(Self.promotion(replayedAgo: nil, activity: nil, server: server).action == .lead)
    }

    @Test func `a timeout of zero means that a crash is not waited for, and an orderly stop is`() {
        #expect(
            Self.decision(Self.crashed, timeout: .zero, for: .zero)
                == Decision(.release, "stopped PostgreSQL to fail over after a crash"))
        #expect(Self.decision(Self.clean, timeout: .zero, for: .seconds(1), isCrash: false).action == .startPrimary)
    }

    private static let timings = Timings.standard

    /// What a holder does about an outage that began `elapsed` ago.
    private static func decision(
        _ server: ServerState, _ outage: PrimaryOutage, after elapsed: Duration, activity: Activity? = nil,
        successor: String? = "demo-1"
    ) -> Decision {
        decide(
            Fixture.observation(lock: Fixture.mine, server: server, leader: "demo-0") { observation in
                observation.activity = activity
                observation.cluster.configuration.timings = timings
                observation.outage = outage
                observation.outage?.since = Fixture.now - elapsed
                observation.outage?.successor = successor
            })
    }

    @Test func `restarts in place that bring no primary that stays end with the lock, one ttl after it began`() {
        var outage = PrimaryOutage(since: Fixture.now)
        outage.noteSilence()
        let given = Decision(.release, "stopped PostgreSQL because restarting it in place does not help")
        let unresponsive = ServerState.unresponsive(systemIdentifier: Fixture.identifier)
        for (server, activity, before) in [
            (unresponsive, nil, Action.restart), (Self.crashed, nil, .startPrimary), (Self.starting, nil, .wait),
            (Self.crashed, Activity.startingPrimary, .wait),
        ] {
            #expect(Self.decision(server, outage, after: Self.timings.ttl, activity: activity) == given)
            let early = Self.timings.ttl - .milliseconds(1)
            #expect(Self.decision(server, outage, after: early, activity: activity).action == before)
            #expect(
                Self.decision(server, outage, after: Self.timings.ttl * 9, activity: activity, successor: nil).action
                    == before)
        }
    }

    @Test func `one answer does not end an outage, and a crash right after it counts as a restart in vain`() {
        var outage = PrimaryOutage(since: Fixture.now)
        outage.noteEnd(isClean: false, at: Fixture.now)
        outage.noteAnswer(at: Fixture.now + .seconds(1))
        #expect(!outage.isOver(at: Fixture.now + .seconds(1), Self.timings))
        // It has served clients in between: no reason to give the lock away.
        outage.noteEnd(isClean: false, at: Fixture.now + .milliseconds(1500))
        #expect(outage == PrimaryOutage(since: Fixture.now, isCrash: true))
        outage.noteAnswer(at: Fixture.now + .seconds(2))
        outage.noteEnd(isClean: false, at: Fixture.now + .milliseconds(2499))
        #expect(outage == PrimaryOutage(since: Fixture.now, isCrash: true, isIll: true))
        outage.noteStart()
        let second = Fixture.now + .seconds(9)
        outage.noteAnswer(at: second)
        let lasting = second + Self.timings.retryTimeout
        outage.noteAnswer(at: lasting)
        #expect(outage.since == Fixture.now && outage.isIll)
        #expect(!outage.isOver(at: lasting - .milliseconds(1), Self.timings))
        #expect(outage.isOver(at: lasting, Self.timings))
    }

    @Test func `a silence between two answers begins the time anew that a restarted primary has to last`() {
        var outage = PrimaryOutage(since: Fixture.now)
        outage.noteAnswer(at: Fixture.now)
        outage.noteSilence()
        outage.noteAnswer(at: Fixture.now + Self.timings.retryTimeout)
        #expect(!outage.isOver(at: Fixture.now + Self.timings.retryTimeout, Self.timings))
        // PostgreSQL's own recovery from a backend's crash is no illness, and no answer either.
        var recovering = PrimaryOutage(since: Fixture.now)
        recovering.noteAnswer(at: Fixture.now)
        recovering.noteStart()
        #expect(!recovering.isIll && recovering.answeringSince == nil)
    }

    @Test func `a server that was well has all its time to recover from a crash; an orderly stop is no illness`() {
        var outage = PrimaryOutage(since: Fixture.now)
        outage.noteEnd(isClean: false, at: Fixture.now)
        #expect(Self.decision(Self.starting, outage, after: Self.timings.ttl * 3).action == .wait)
        outage.noteAnswer(at: Fixture.now)
        outage.noteEnd(isClean: true, at: Fixture.now)
        #expect(!outage.isIll)
        #expect(Self.decision(Self.clean, outage, after: Self.timings.ttl * 3).action == .startPrimary)
    }

    @Test func `a leader wakes up when its ill server's time is over, and when a restarted one has lasted`() {
        var observation = Fixture.observation(lock: Fixture.mine, server: Self.crashed, leader: "demo-0") {
            $0.cluster.configuration.timings = Self.timings
        }
        observation.outage = PrimaryOutage(since: Fixture.now - Self.timings.ttl + .milliseconds(300), isIll: true)
        #expect(longestPause(after: observation, lockExpiry: nil) == .milliseconds(300))
        observation.outage = PrimaryOutage(
            since: Fixture.now, answeringSince: Fixture.now - Self.timings.retryTimeout + .milliseconds(200))
        #expect(longestPause(after: observation, lockExpiry: nil) == .milliseconds(200))
    }

    @Test func `only the start of a primary is interrupted`() {
        for activity in [Activity.handingOver, .stopping, .restarting, .racing, .demoting] {
            #expect(
                Self.decision(Self.crashed, activity: activity, for: .seconds(900), failedStarts: 1).action == .wait)
        }
    }

    @Test func `a member whose lock is gone gives nothing up`() {
        let decision = decide(
            Fixture.observation(lock: .held(by: "demo-1"), server: Self.crashed, leader: "demo-1") {
                $0.outage = PrimaryOutage(since: Fixture.now - .seconds(900), failedStarts: 1, successor: "demo-1")
            })
        #expect(decision.action == .rejoin("demo-1", from: "demo-1"))
    }

    @Test func `a leader that waits for its start wakes up when the time for it is over`() {
        let observation = Fixture.observation(lock: Fixture.mine, server: Self.starting, leader: "demo-0") {
            $0.activity = .startingPrimary
            $0.cluster.configuration.primaryStartTimeout = .milliseconds(1050)
            $0.outage = PrimaryOutage(since: Fixture.now - .seconds(1))
        }
        #expect(longestPause(after: observation, lockExpiry: nil) == .milliseconds(50))
    }

    // MARK: Who could take over

    private static func report(
        _ name: String, timeline: UInt32 = 2, position: UInt64 = 1000, isEligible: Bool = true, isPrimary: Bool = false
    ) -> PositionReport {
        PositionReport(
            name: name, isPrimary: isPrimary, timeline: Timeline(rawValue: timeline), position: LSN(rawValue: position),
            isEligible: isEligible)
    }

    private static func successor(
        _ reports: [PositionReport], published: UInt64? = 1000, record: SynchronousState? = nil
    ) -> String? {
        chooseSuccessor(
            reports, published: published.map { LSN(rawValue: $0) }, recordedTimeline: Timeline(rawValue: 2),
            maximumLag: ByteCount(rawValue: 100), record: record)
    }

    @Test func `the most advanced member that could be elected is the successor`() {
        #expect(Self.successor([]) == nil)
        #expect(Self.successor([Self.report("demo-1"), Self.report("demo-2", position: 1001)]) == "demo-2")
        #expect(Self.successor([Self.report("demo-1", position: 900)]) == "demo-1")
        #expect(Self.successor([Self.report("demo-1", position: 899)]) == nil)
        #expect(Self.successor([Self.report("demo-1", timeline: 1)]) == nil)
        #expect(Self.successor([Self.report("demo-1", isEligible: false)]) == nil)
        #expect(Self.successor([Self.report("demo-1", isPrimary: true)]) == nil)
        #expect(Self.successor([Self.report("demo-1", position: 0)], published: nil) == nil)
    }

    @Test func `with synchronous replication only so many recorded standbys as a vote needs are a successor`() {
        let record = SynchronousState(leader: "demo-0", members: ["demo-1", "demo-2", "demo-3"], quorum: 1)
        #expect(Self.successor([Self.report("demo-1")], record: record) == nil)
        #expect(Self.successor([Self.report("demo-1"), Self.report("demo-9")], record: record) == nil)
        #expect(
            Self.successor([Self.report("demo-1"), Self.report("demo-3", position: 5)], record: record) == "demo-1")
        // Lag does not matter there: what the standbys lack was never acknowledged.
        let single = SynchronousState(leader: "demo-0", members: ["demo-2"])
        #expect(Self.successor([Self.report("demo-2", position: 5)], record: single) == "demo-2")
    }
}
