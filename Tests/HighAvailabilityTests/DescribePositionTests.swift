import HighAvailability
import Testing
import Units

@Suite struct DescribePositionTests {
    private static let able = Availability(tags: MemberTags(), isStopping: false, isBarred: false)

    /// Every way in which a member may not lead, whatever its server has.
    private static let unable: [Availability] = [
        Availability(tags: MemberTags(isExcludedFromFailover: true), isStopping: false, isBarred: false),
        Availability(tags: MemberTags(failoverPriority: 0), isStopping: false, isBarred: false),
        Availability(tags: MemberTags(), isStopping: true, isBarred: false),
        Availability(tags: MemberTags(), isStopping: false, givesWay: true, isBarred: false),
        Availability(tags: MemberTags(), isStopping: false, lacksWatchdog: true, isBarred: false),
        Availability(tags: MemberTags(), isStopping: false, isBarred: true),
    ]

    private static func measured(isPrimary: Bool = false, isPaused: Bool = false) -> MeasuredServer {
        MeasuredServer(
            isPrimary: isPrimary, timeline: Timeline(rawValue: 2), position: LSN(rawValue: 1000),
            replayed: LSN(rawValue: 950), isReplayPausedForSettings: isPaused)
    }

    private static func report(
        files: ServerState, activity: Activity? = nil, in view: ClusterView? = Fixture.cluster(),
        _ availability: Availability = able
    ) -> PositionReport? {
        describePosition(of: "demo-0", files: files, activity: activity, in: view, availability)
    }

    @Test func `a running server tells where it is, and is a candidate if its member may lead and it still replays`() {
        for isPrimary in [true, false] {
            let report = describePosition(of: "demo-0", Self.measured(isPrimary: isPrimary), Self.able)
            let expected = PositionReport(
                name: "demo-0", isPrimary: isPrimary, timeline: Timeline(rawValue: 2), position: LSN(rawValue: 1000),
                replayed: LSN(rawValue: 950))
            #expect(report == expected)
        }
        #expect(!describePosition(of: "demo-0", Self.measured(isPaused: true), Self.able).isEligible)
        for availability in Self.unable {
            #expect(!describePosition(of: "demo-0", Self.measured(), availability).isEligible, "\(availability)")
        }
    }

    @Test func `of servers that do not run only a primary that was stopped in order is a candidate`() throws {
        for server in Fixture.servers {
            let report = Self.report(files: server)
            switch server {
            case .noData:
                let nothing = try #require(report)
                #expect(!nothing.isEligible && nothing.position == .invalid && nothing.timeline.rawValue == 0)
            case .stopped(let stopped):
                let found = try #require(report)
                #expect(found.isEligible == (stopped.wasPrimary && stopped.isClean))
                #expect(found.position == stopped.position && found.replayed == stopped.position)
                #expect(!found.isPrimary && found.timeline == stopped.timeline)
            case .unusable, .damaged, .starting, .primary, .standby, .unresponsive: #expect(report == nil)
            }
        }
    }

    @Test func `a stopped primary is no candidate while its member may not lead, or does something with its files`() {
        let server = Fixture.stopped(wasPrimary: true)
        for availability in Self.unable { #expect(Self.report(files: server, availability)?.isEligible == false) }
        for activity in Activity.allCases {
            #expect(Self.report(files: server, activity: activity)?.isEligible == (activity == .racing), "\(activity)")
        }
    }

    @Test func `a stopped primary of a course nobody recorded is no candidate`() {
        var view = Fixture.cluster()
        view.history = [
            TimelineSwitch(
                timeline: Timeline(rawValue: 1), position: LSN(rawValue: 500), reason: "", newLeader: "demo-1")
        ]
        let server = Fixture.stopped(wasPrimary: true)
        #expect(Self.report(files: server, in: view)?.isEligible == false)
        view.history[0].newLeader = "demo-0"
        #expect(Self.report(files: server, in: view)?.isEligible == true)
        #expect(Self.report(files: server, in: nil)?.isEligible == true)
    }

    @Test func `a member tells its priority, with a server or without`() {
        let availability = Availability(tags: MemberTags(failoverPriority: 7), isStopping: false, isBarred: false)
        #expect(describePosition(of: "demo-0", Self.measured(), availability).priority == 7)
        #expect(Self.report(files: Fixture.stopped(wasPrimary: true), availability)?.priority == 7)
    }
}
