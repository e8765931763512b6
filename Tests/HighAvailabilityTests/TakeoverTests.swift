import HighAvailability
import Testing
import Units

/// Where the time of a takeover went.
@Suite struct TakeoverTests {
    private static let start = BootInstant(nanoseconds: 1_000_000_000_000)
    private static let two = Timeline(rawValue: 2)

    private static func after(_ seconds: Double) -> BootInstant { start + .milliseconds(Int64(seconds * 1000)) }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var silent = 0.0
        var vacant: Double?
        let won: Double
        var promoted = 40.0
        var written = 41.0
        let silence: Double
        let election: Double
        var promotion: Double
        var firstWrite = 1.0
    }

    static let rows: [Row] = [
        Row(
            testDescription: "a lock that ran out", vacant: 30, won: 30.5, silence: 30, election: 0.5, promotion: 9.5),
        Row(
            testDescription: "a lock that was let go, and taken in the same look", silent: 5, vacant: 5, won: 5,
            promoted: 5.25, written: 5.5, silence: 0, election: 0, promotion: 0.25, firstWrite: 0.25),
        Row(
            testDescription: "no look has found it free before it was taken", won: 20, silence: 20, election: 0,
            promotion: 20),
        Row(
            testDescription: "it was free before, and somebody was heard since", silent: 10, vacant: 4, won: 12,
            silence: 0, election: 2, promotion: 28),
        Row(
            testDescription: "it was heard of only after it was taken", silent: 13, vacant: 11, won: 12, silence: 0,
            election: 0, promotion: 28),
    ]

    @Test(arguments: rows)
    func `the phases are told in order, and add up to the whole time`(_ row: Row) throws {
        let election = Takeover.Election(
            silentSince: Self.after(row.silent), vacantSince: row.vacant.map(Self.after), wonAt: Self.after(row.won))
        var takeover = Takeover(election, promotedAt: Self.after(row.promoted), timeline: Self.two)
        #expect(takeover.phases == nil)
        let begins = takeover.beginWrite()
        #expect(begins)
        #expect(takeover.phases == nil, "it has not returned")
        takeover.endWrite(.committed, at: Self.after(row.written))
        let phases = try #require(takeover.phases)
        let expected = TakeoverPhases(
            timeline: Self.two, silence: .milliseconds(Int64(row.silence * 1000)),
            election: .milliseconds(Int64(row.election * 1000)), promotion: .milliseconds(Int64(row.promotion * 1000)),
            firstWrite: .milliseconds(Int64(row.firstWrite * 1000)))
        #expect(phases == expected)
        #expect(phases.total == Self.after(row.written) - min(Self.after(row.silent), Self.after(row.won)))
    }

    @Test(arguments: Takeover.WriteEnd.allCases)
    func `one write is under way at a time, and another one is made only if it cannot wait in the server yet`(
        _ end: Takeover.WriteEnd
    ) {
        let election = Takeover.Election(silentSince: Self.start, vacantSince: nil, wonAt: Self.start)
        var takeover = Takeover(election, promotedAt: Self.after(1), timeline: Self.two)
        takeover.endWrite(.committed, at: Self.after(1))
        #expect(takeover.phases == nil, "none was under way")
        let begins = [takeover.beginWrite(), takeover.beginWrite()]
        #expect(begins == [true, false])
        takeover.endWrite(end, at: Self.after(2))
        let again = takeover.beginWrite()
        switch end {
        case .committed: #expect(!again && takeover.phases?.firstWrite == .seconds(1))
        case .failed: #expect(again && takeover.phases == nil)
        case .overdue: #expect(!again && takeover.phases == nil)
        }
        takeover.endWrite(.committed, at: Self.after(3))
        #expect(takeover.phases?.firstWrite == (end == .committed ? .seconds(1) : end == .failed ? .seconds(2) : nil))
    }

    // MARK: In a reign

    private static let taken = TakenLock(former: nil, isVouchedFor: false)

    private static func beginning(_ timeline: UInt32) -> ReignKeeping.Beginning {
        ReignKeeping.Beginning(
            timeline: Timeline(rawValue: timeline),
            change: TimelineSwitch(
                timeline: Timeline(rawValue: timeline - 1), position: LSN(rawValue: 1000), reason: "test"))
    }

    /// Free after 30 s, taken after 31, promoted after 33.
    private static func promoted() -> ReignKeeping {
        var reign = ReignKeeping()
        reign.look(.held(by: "b"), at: after(29))
        reign.look(.expired(holder: "b"), at: after(30))
        reign.look(.expired(holder: "b"), at: after(30.5))
        reign.take(taken, isByRequest: false, silentSince: start, at: after(31))
        reign.look(.mine(until: after(90)), at: after(32))
        reign.begin(beginning(2), loss: nil, promotedAt: after(33))
        return reign
    }

    @Test func `a takeover is told on the timeline it began, from the first look that found the lock free`() {
        var reign = Self.promoted()
        #expect(reign.beginFirstWrite() == Self.two)
        #expect(reign.beginFirstWrite() == nil)
        reign.endFirstWrite(.failed, on: Self.two, at: Self.after(34))
        #expect(reign.beginFirstWrite() == Self.two)
        reign.endFirstWrite(.committed, on: Timeline(rawValue: 1), at: Self.after(34.5))
        #expect(reign.phases(on: Self.two) == nil, "it was another timeline's")
        reign.endFirstWrite(.committed, on: Self.two, at: Self.after(35))
        let phases = TakeoverPhases(
            timeline: Self.two, silence: .seconds(30), election: .seconds(1), promotion: .seconds(2),
            firstWrite: .seconds(2))
        #expect(reign.phases(on: Self.two) == phases)
        #expect(reign.phases(on: Timeline(rawValue: 3)) == nil)
        #expect(reign.beginFirstWrite() == nil)
        // A lock that is taken anew while the primary writes on, and a restart in place, begin no other timeline.
        reign.take(Self.taken, isByRequest: false, silentSince: Self.after(60), at: Self.after(61))
        reign.noteStart()
        #expect(reign.phases(on: Self.two) == phases)
        // The next promotion rests on an election of its own.
        reign.begin(Self.beginning(3), loss: nil, promotedAt: Self.after(70))
        #expect(reign.takeover == nil, "no lock was taken for it")
    }

    @Test func `a lock that is held in between is free anew`() {
        var reign = ReignKeeping()
        reign.look(.released(heir: nil, since: Self.after(10)), at: Self.after(10))
        reign.look(.held(by: "c"), at: Self.after(11))
        reign.look(.holderDied(holder: "c", since: Self.after(20), restartsAtOnce: false), at: Self.after(20))
        reign.take(Self.taken, isByRequest: false, silentSince: Self.after(15), at: Self.after(21))
        reign.begin(Self.beginning(2), loss: nil, promotedAt: Self.after(22))
        let election = Takeover.Election(
            silentSince: Self.after(15), vacantSince: Self.after(20), wonAt: Self.after(21))
        #expect(reign.takeover?.election == election)
    }

    @Test func `nobody is taken over from where no holder was ever seen, and where a standby cluster ends`() {
        var reign = ReignKeeping()
        reign.take(Self.taken, isByRequest: false, silentSince: nil, at: Self.after(1))
        reign.begin(Self.beginning(2), loss: nil, promotedAt: Self.after(2))
        #expect(reign.takeover == nil)
        reign.take(Self.taken, isByRequest: false, silentSince: Self.start, at: Self.after(1))
        reign.begin(Self.beginning(2), loss: nil, promotedAt: nil)
        #expect(reign.takeover == nil)
        #expect(reign.beginFirstWrite() == nil)
    }
}
