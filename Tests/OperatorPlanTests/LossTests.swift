import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// What a failover may have lost is a status, a condition and an Event, with the range of WAL.
@Suite struct LossTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the new primary's agent reported; nil: nothing yet.
        var report: String?
        /// What the old primary found when it came back.
        var abandoned: String?
        let condition: String
        var loss = LossStatus(outcome: .unknown)
        var events: [String] = []
    }

    private static let possible =
        #"{"verdict":"possible","from":"demo-0","to":"demo-1","timeline":1,"start":"0/5000060","published":"0/5000100"}"#
    private static let confirmed =
        #"{"verdict":"confirmed","from":"demo-0","to":"demo-1","timeline":1,"start":"0/5000060","published":"0/5000060"}"#
    private static let maybe =
        "demo-1 took over from demo-0 at 0/5000060: what demo-0 wrote after that may be lost, "

    static let rows: [Row] = [
        Row(testDescription: "nothing reported yet", condition: "Unknown NotReported"),
        Row(
            testDescription: "the old primary had published more", report: possible,
            condition: "True UnconfirmedWrites",
            loss: LossStatus(
                outcome: .possible, timeline: 1, from: "0/5000060", to: "0/5000100", bytes: 160),
            events: [
                "DataLossPossible: \(maybe)WAL 0/5000060 to 0/5000100 of timeline 1 (160 bytes) and whatever it had not "
                    + "published yet; it is known exactly once demo-0 is back"
            ]),
        Row(
            testDescription: "the old primary had published less than the new one has",
            report: possible.replacing("0/5000100", with: "0/4000000"), condition: "True UnconfirmedWrites",
            loss: LossStatus(outcome: .possible, timeline: 1, from: "0/5000060", to: "0/5000060", bytes: 0),
            events: [
                "DataLossPossible: \(maybe)WAL 0/5000060 to 0/5000060 of timeline 1 (0 bytes) and whatever it had not "
                    + "published yet; it is known exactly once demo-0 is back"
            ]),
        Row(
            testDescription: "the old primary came back with commits", report: possible,
            abandoned: #"{"timeline":1,"start":"0/5000060","end":"0/5000460","commits":3,"leader":"demo-1"}"#,
            condition: "True CommitsLost",
            loss: LossStatus(
                outcome: .lost, timeline: 1, from: "0/5000060", to: "0/5000460", bytes: 1024, commits: 3),
            events: [
                "DataLost: demo-0 had 3 transactions that demo-1 did not receive: "
                    + "WAL 0/5000060 to 0/5000460 of timeline 1 (1024 bytes) is lost"
            ]),
        Row(
            testDescription: "its commits could not be counted", report: possible,
            abandoned: #"{"timeline":1,"start":"0/5000060","end":"0/5000460","leader":"demo-1"}"#,
            condition: "True CommitsLost",
            loss: LossStatus(outcome: .lost, timeline: 1, from: "0/5000060", to: "0/5000460", bytes: 1024),
            events: [
                "DataLost: demo-0 had transactions that could not be counted that demo-1 did not receive: "
                    + "WAL 0/5000060 to 0/5000460 of timeline 1 (1024 bytes) is lost"
            ]),
        Row(
            testDescription: "it came back with nothing that committed", report: possible,
            abandoned: #"{"timeline":1,"start":"0/5000060","end":"0/50000D8","commits":0,"leader":"demo-1"}"#,
            condition: "False NothingLost",
            loss: LossStatus(
                outcome: .nothing, timeline: 1, from: "0/5000060", to: "0/50000D8", bytes: 120, commits: 0),
            events: ["NothingLost: Nothing that was acknowledged is missing after demo-1 took over from demo-0"]),
        Row(
            testDescription: "what it left behind belongs to another failover", report: possible,
            abandoned: #"{"timeline":3,"start":"0/5000060","end":"0/5000460","commits":3,"leader":"demo-1"}"#,
            condition: "True UnconfirmedWrites",
            loss: LossStatus(
                outcome: .possible, timeline: 1, from: "0/5000060", to: "0/5000100", bytes: 160),
            events: [
                "DataLossPossible: \(maybe)WAL 0/5000060 to 0/5000100 of timeline 1 (160 bytes) and whatever it had not "
                    + "published yet; it is known exactly once demo-0 is back"
            ]),
        Row(
            testDescription: "the report of another failover", report: possible.replacing("demo-1", with: "demo-2"),
            condition: "Unknown NotReported"),
        Row(testDescription: "a report nobody can read", report: "{", condition: "Unknown NotReported"),
        Row(
            testDescription: "an election the record bound", report: confirmed, condition: "False NothingLost",
            loss: LossStatus(outcome: .nothing, timeline: 1, from: "0/5000060", to: "0/5000060", bytes: 0),
            events: ["NothingLost: Nothing that was acknowledged is missing after demo-1 took over from demo-0"]),
        Row(
            testDescription: "an election the record bound, and commits that waited in vain", report: confirmed,
            abandoned: #"{"timeline":1,"start":"0/5000060","end":"0/5000460","commits":2,"leader":"demo-1"}"#,
            condition: "False NothingLost",
            loss: LossStatus(
                outcome: .nothing, timeline: 1, from: "0/5000060", to: "0/5000460", bytes: 1024, commits: 2),
            events: [
                "NothingLost: Nothing that was acknowledged is missing after demo-1 took over from demo-0; 2 transactions "
                    + "in WAL 0/5000060 to 0/5000460 of timeline 1 no synchronous standby had confirmed are gone"
            ]),
    ]

    @Test(arguments: rows)
    func `a failover tells what it may have lost, once`(_ row: Row) throws {
        var world = try World.failedOver()
        #expect(try world.condition(.dataLossPossible) == "Unknown NotReported")
        if let report = row.report { world[store: "demo-config"] = ["matriarch.dev/failover-loss": .string(report)] }
        if let abandoned = row.abandoned {
            world[store: "demo-config"] = ["abandoned.matriarch.dev/demo-0": .string(abandoned)]
        }
        try world.settle()
        #expect(try world.condition(.dataLossPossible) == row.condition)
        #expect(try world.status.lastFailover?.loss == row.loss)
        #expect(world.takeEvents() == row.events)
        world.advance(60)
        world.observed.pods[2] = world.member(2, role: "replica", timeline: 2, isReady: false)
        try world.settle()
        #expect(world.takeEvents() == [])
    }

    @Test(arguments: [(#""complete""#, "absent"), (#""possible""#, "True UnconfirmedWrites")])
    func `a switchover somebody asked for says nothing of loss, unless nothing vouches for it`(
        _ verdict: String, _ condition: String
    ) throws {
        var world = World()
        try world.settle()
        world.run(3, leader: 0)
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        world.switchOver(to: 1, timeline: 2)
        try world.settle()
        let report = Self.possible.replacing(#""possible""#, with: verdict)
        world[store: "demo-config"] = ["matriarch.dev/failover-loss": .string(report)]
        try world.settle()
        #expect(try world.condition(.dataLossPossible) == condition)
        #expect(try world.status.lastFailover?.from == (condition == "absent" ? nil : "demo-0"))
    }
}
