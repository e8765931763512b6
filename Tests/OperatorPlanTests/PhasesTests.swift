import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// Where the time of a failover went is a status and one Event, once the new primary has told it.
@Suite struct PhasesTests {
    static let report: JSONValue = [
        "timeline": 2, "silenceMillis": 30_000, "electionMillis": 250, "promotionMillis": 1500, "firstWriteMillis": 4,
    ]
    private static let phases = PhasesStatus(
        silenceMillis: 30_000, electionMillis: 250, promotionMillis: 1500, firstWriteMillis: 4, totalMillis: 31_754)
    private static let event =
        "WritesResumed: demo-1 accepts writes, 31.754 s after the last sign of life of demo-0: silence 30 s, "
        + "election 0.25 s, promotion 1.5 s, first write 0.004 s"

    @Test func `the phases of a failover are told once, also by the next operator`() throws {
        var world = try World.failedOver()
        #expect(try world.status.lastFailover?.to == "demo-1")
        #expect(try world.status.lastFailover?.phases == nil)
        world.say("takeover", Self.report, of: 1)
        try world.settle()
        #expect(try world.status.lastFailover?.phases == Self.phases)
        #expect(world.takeEvents() == [Self.event])
        // An operator that starts knows what is in the status, and nothing else.
        #expect(try world.planned().isEmpty)
        world.advance(60)
        world.observed.pods[2] = world.member(2, role: "replica", timeline: 2, isReady: false)
        try world.settle()
        #expect(world.takeEvents() == [])
        // The agent was started again, and does not know any more.
        world.say("takeover", .null, of: 1)
        try world.settle()
        #expect(try world.status.lastFailover?.phases == Self.phases)
        #expect(world.takeEvents() == [])
    }

    @Test func `a failover that was over when the operator came is told with its phases`() throws {
        var world = World()
        try world.settle()
        world.run(3, leader: 0)
        try world.settle()
        _ = world.takeEvents()
        world.run(3, leader: 1, timeline: 2)
        world.say("takeover", Self.report, of: 1)
        try world.settle()
        #expect(try world.status.lastFailover?.phases == Self.phases)
        #expect(world.takeEvents() == ["FailedOver: demo-1 took over from demo-0, on timeline 2", Self.event])
        // The next failover begins without any.
        world.run(3, leader: 2, timeline: 3)
        try world.settle()
        #expect(try world.status.lastFailover?.to == "demo-2")
        #expect(try world.status.lastFailover?.phases == nil)
        #expect(world.takeEvents() == ["FailedOver: demo-2 took over from demo-1, on timeline 3"])
    }

    @Test(arguments: [
        ("of another timeline", 1, report.merging(["timeline": 3])), ("of another member", 2, report),
        ("without a phase", 1, report.merging(["promotionMillis": .null])),
        ("with a time before the beginning", 1, report.merging(["electionMillis": -1])),
    ])
    func `what does not tell of this failover is passed over`(_ what: String, _ member: Int, _ report: JSONValue) throws
    {
        var world = try World.failedOver()
        world.say("takeover", report, of: member)
        try world.settle()
        #expect(try world.status.lastFailover?.phases == nil, "\(what)")
        #expect(world.takeEvents() == [], "\(what)")
    }

    @Test func `a switchover somebody asked for is told by its outage, and no failover is made of it`() throws {
        var world = World()
        try world.settle()
        world.run(3, leader: 0)
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        world.switchOver(to: 1, timeline: 2)
        world.say("takeover", Self.report, of: 1)
        try world.settle()
        #expect(try world.status.lastFailover == nil)
        #expect(try world.status.switchover?.outageMillis == 300)
        #expect(!world.takeEvents().contains { $0.hasPrefix("WritesResumed") })
    }
}

extension World {
    /// A member says one thing more of itself; null: it does not any more.
    fileprivate mutating func say(_ key: String, _ value: JSONValue, of member: Int) {
        // What the world has written is JSON.
        let text = observed.pods[member].metadata.annotations?["status"] ?? "{}"
        let said = (try? JSONValue(parsing: text)) ?? [:]
        observed.pods[member].metadata.annotations?["status"] = said.merging([key: value]).serialized()
    }
}
