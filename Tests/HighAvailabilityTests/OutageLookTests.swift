import HighAvailability
import Testing
import Units

@Suite struct OutageLookTests {
    private static let now = Fixture.now
    private static let timings = Timings.standard
    private static let since = now - .seconds(7)
    private static let former = PrimaryOutage(since: since)

    private static func look(
        _ server: ServerState, activity: Activity? = nil, outage: PrimaryOutage? = former,
        silentSince: BootInstant? = nil
    ) -> OutageLook {
        lookAtOutage(outage, server, activity: activity, silentSince: silentSince, at: now, timings)
    }

    @Test func `what is seen between two actions counts, each server in its way`() {
        for server in Fixture.servers {
            var expected = Self.former
            switch server {
            case .noData, .unusable, .damaged:
                #expect(Self.look(server) == .none)
                continue
            case .primary:
                expected.noteAnswer(at: Self.now)
                #expect(Self.look(server) == .answering(expected))
                continue
            case .unresponsive: expected.noteSilence()
            case .stopped(let stopped) where stopped.wasPrimary:
                expected.noteEnd(isClean: stopped.isClean, at: Self.now)
            case .starting, .stopped, .standby: expected.noteStart()
            }
            #expect(Self.look(server) == .missing(expected), "\(server)")
        }
    }

    @Test func `during an action only a start and a promotion are an outage; the others say what comes of them`() {
        for activity in Activity.allCases {
            for server in Fixture.servers {
                let isStandby = if case .standby = server { true } else { false }
                let counts = activity == .startingPrimary || (activity == .promoting && isStandby)
                let expected: OutageLook = counts ? .missing(Self.former) : .unchanged
                #expect(Self.look(server, activity: activity) == expected, "\(activity), \(server)")
            }
        }
    }

    @Test func `an outage begins when a server fell silent, and with nothing of one that is well`() {
        let silence = Self.now - .seconds(3)
        let silent = Self.look(.unresponsive(systemIdentifier: Fixture.identifier), outage: nil, silentSince: silence)
        #expect(silent == .missing(PrimaryOutage(since: silence, isIll: true)))
        let down = Self.look(Fixture.stopped(wasPrimary: true, isClean: false), outage: nil)
        #expect(down == .missing(PrimaryOutage(since: Self.now, isCrash: true)))
        #expect(Self.look(.primary(Fixture.running()), outage: nil) == .none)
    }

    @Test func `a primary that has lasted has ended the outage; one that does not answer now has not`() {
        let server = ServerState.primary(Fixture.running())
        let lasted = PrimaryOutage(since: Self.since, answeringSince: Self.now - Self.timings.retryTimeout)
        #expect(Self.look(server, outage: lasted) == .none)
        #expect(Self.look(server, outage: lasted, silentSince: Self.now - .seconds(1)) == .answering(lasted))
        #expect(Self.look(server, silentSince: Self.now - .seconds(1)) == .answering(Self.former))
    }

    @Test func `only a leader that goes on, is not paused and takes writes has a primary to miss`() {
        var paused = DynamicConfiguration()
        paused.isPaused = true
        var standby = DynamicConfiguration()
        standby.standbyCluster = StandbyCluster(host: "primary.example.com")
        #expect(mayHaveOutage(isMine: true, isStopping: false, DynamicConfiguration()))
        #expect(!mayHaveOutage(isMine: false, isStopping: false, DynamicConfiguration()))
        #expect(!mayHaveOutage(isMine: true, isStopping: true, DynamicConfiguration()))
        #expect(!mayHaveOutage(isMine: true, isStopping: false, paused))
        #expect(!mayHaveOutage(isMine: true, isStopping: false, standby))
    }

    @Test func `an elected standby asks who could replace it by its promotion's time, anybody else by its start's`() {
        var configuration = DynamicConfiguration()
        configuration.primaryStartTimeout = .zero
        let crashed = PrimaryOutage(since: Self.now - .seconds(1), isCrash: true)
        // Zero is about crashes, and a promotion then has what is the default.
        #expect(crashed.reasonToAsk(Fixture.stopped(wasPrimary: true), at: Self.now, configuration) != nil)
        #expect(crashed.reasonToAsk(.standby(Fixture.running()), at: Self.now, configuration) == nil)
        #expect(PrimaryOutage(since: Self.now, isIll: true).timeToAnswer > Self.former.timeToAnswer)
    }

    @Test func `a promotion is over for a server that leads or streams`() {
        for server in Fixture.servers {
            let isOver =
                switch server {
                case .primary, .standby: true
                case .noData, .unusable, .damaged, .stopped, .starting, .unresponsive: false
                }
            #expect(server.hasLeftPromotion == isOver)
        }
        var waiting = Fixture.running()
        waiting.isStreaming = false
        #expect(!ServerState.standby(waiting).hasLeftPromotion)
    }
}
