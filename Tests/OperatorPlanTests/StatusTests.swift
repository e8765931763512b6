import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

@Suite struct StatusTests {
    @Test func `a new cluster says that it is being made`() throws {
        var world = World()
        try world.settle()
        #expect(try world.condition(.ready) == "False Bootstrapping")
        #expect(try world.condition(.primaryAvailable) == "False Bootstrapping")
        #expect(try world.condition(.progressing) == "True Bootstrapping")
        #expect(try world.condition(.degraded) == "False Sound")
        #expect(try world.condition(.configurationValid) == "True Accepted")
        #expect(try world.condition(.paused) == "False Active")
        #expect(try world.condition(.switchoverCompleted) == "absent")
        #expect(try world.status.ready == "0/3")
    }

    @Test func `a running cluster is described without anything that changes by itself`() throws {
        let world = try World.running()
        let status = try world.status
        #expect(try world.condition(.ready) == "True Healthy")
        #expect(status.primary == "demo-0" && status.timeline == 1)
        #expect(status.systemIdentifier == "7300000000000000001")
        #expect(status.ready == "3/3" && status.instances == 3 && status.readyInstances == 3)
        #expect(status.observedGeneration == 1)
        #expect(status.members?.map(\.name) == ["demo-0", "demo-1", "demo-2"])
        #expect(status.members?.map(\.role) == ["primary", "replica", "replica"])
        #expect(status.selector == "app.kubernetes.io/component=postgres,cluster-name=demo")
        #expect(status.bootstrap?.initdb.dataChecksums == true)
    }

    /// What is seen, and the conditions that follow.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout World) -> Void
        let ready: String
        let primaryAvailable: String
        let progressing: String
        let degraded: String
    }

    static let rows: [Row] = [
        Row(
            testDescription: "a replica being copied",
            change: { $0.observed.pods[2] = $0.member(2, role: "replica", state: "creating replica", isReady: false) },
            ready: "False MembersStarting", primaryAvailable: "True PrimaryRunning",
            progressing: "True MembersStarting", degraded: "False Sound"),
        Row(
            testDescription: "a replica that stopped",
            change: { $0.observed.pods[2] = $0.member(2, role: "replica", state: "stopped", isReady: false) },
            ready: "False MembersNotReady", primaryAvailable: "True PrimaryRunning", progressing: "False Stable",
            degraded: "True MembersNotReady"),
        Row(
            testDescription: "a replica that cannot start",
            change: { $0.observed.pods[2] = $0.member(2, role: "replica", state: "start failed", isReady: false) },
            ready: "False MemberFailed", primaryAvailable: "True PrimaryRunning", progressing: "False Stable",
            degraded: "True MemberFailed"),
        Row(
            testDescription: "nobody in the lock", change: { $0[store: "demo-leader"] = ["leader": .null] },
            ready: "False NoPrimary", primaryAvailable: "False NoPrimary", progressing: "False Stable",
            degraded: "True NoPrimary"),
        Row(
            testDescription: "a holder that is not promoted yet",
            change: { $0[store: "demo-leader"] = ["leader": "demo-1"] },
            ready: "False PrimaryNotRunning", primaryAvailable: "False PrimaryNotRunning",
            progressing: "False Stable", degraded: "True PrimaryNotRunning"),
        Row(
            testDescription: "a holder whose Pod is gone", change: { $0.observed.pods.removeFirst() },
            ready: "False PrimaryNotRunning", primaryAvailable: "False PrimaryNotRunning",
            progressing: "True MembersStarting", degraded: "True PrimaryNotRunning"),
    ]

    @Test(arguments: rows)
    func `conditions follow from what is seen`(_ row: Row) throws {
        var world = try World.running()
        row.change(&world)
        try world.settle()
        #expect(try world.condition(.ready) == row.ready)
        #expect(try world.condition(.primaryAvailable) == row.primaryAvailable)
        #expect(try world.condition(.progressing) == row.progressing)
        #expect(try world.condition(.degraded) == row.degraded)
    }

    @Test func `a condition's time moves only with its status`() throws {
        var world = try World.running()
        let before = try #require(try world.status.condition(.ready))
        let start = before.lastTransitionTime
        world.advance(60)
        world[store: "demo-leader"] = ["leader": .null]
        try world.settle()
        let lost = try #require(try world.status.condition(.ready))
        #expect(lost.lastTransitionTime == start + .seconds(60))
        world.advance(60)
        world[store: "demo-leader"] = ["leader": "demo-1"]
        try world.settle()
        let changed = try #require(try world.status.condition(.ready))
        #expect(changed.reason == "PrimaryNotRunning" && changed.lastTransitionTime == start + .seconds(60))
    }

    @Test func `a failover is recorded and told once`() throws {
        var world = try World.running()
        world[store: "demo-leader"] = ["leader": .null]
        try world.settle()
        world.run(3, leader: 2, timeline: 2)
        try world.settle()
        let failover = try #require(try world.status.lastFailover)
        #expect(failover.from == "demo-0" && failover.to == "demo-2" && failover.timeline == 2)
        let told = world.takeEvents()
        #expect(told == ["FailedOver: demo-2 took over from demo-0, on timeline 2"])
        world.advance(3600)
        try world.settle()
        let later = world.takeEvents()
        #expect(later.isEmpty)
    }

    @Test(arguments: [10, 300_000])
    func `a switchover of before does not hide a failover the same way`(_ seconds: Int64) throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        world.switchOver(to: 1, timeline: 2)
        try world.settle()
        world.advance(seconds)
        world.run(3, leader: 0, timeline: 3)
        try world.settle()
        _ = world.takeEvents()
        world.advance(seconds)
        world.run(3, leader: 1, timeline: 4)
        try world.settle()
        let told = world.takeEvents()
        #expect(told == ["FailedOver: demo-1 took over from demo-0, on timeline 4"])
        #expect(try world.status.lastFailover?.timeline == 4)
    }

    @Test func `nor does a hand-over of the operator's own`() throws {
        var world = try World.running(3, leader: 2)
        world.patch(["instances": 2])
        try world.settle()
        world.switchOver(to: 0, timeline: 2)
        try world.settle()
        world.patch(["instances": 3])
        try world.settle()
        world.patch(["switchover": ["candidate": "demo-2"]])
        try world.settle()
        world.switchOver(to: 2, timeline: 3)
        try world.settle()
        #expect(try world.status.lastFailover == nil)
        world.advance(3600)
        world.run(3, leader: 0, timeline: 4)
        try world.settle()
        #expect(try world.status.lastFailover?.from == "demo-2")
    }

    @Test func `an invalid spec changes nothing, says why, and keeps telling the truth about members`() throws {
        var world = try World.running()
        world.patch(["highAvailability": ["ttl": 25, "loopWait": 10, "retryTimeout": 10], "instances": 5])
        let done = try world.settle()
        #expect(done.allSatisfy { if case .patchStatus = $0 { true } else if case .event = $0 { true } else { false } })
        #expect(world.replicas == 3)
        #expect(try world.condition(.configurationValid) == "False InvalidSpec")
        #expect(try world.condition(.ready) == "False InvalidSpec")
        #expect(try world.condition(.primaryAvailable) == "True PrimaryRunning")
        let events = world.takeEvents()
        #expect(events.count == 1)
        #expect(events.first?.contains("loopWait + 2·retryTimeout < ttl − fenceMargin") == true)
        world.patch(["highAvailability": ["ttl": nil, "loopWait": nil, "retryTimeout": nil]])
        try world.settle()
        #expect(try world.condition(.configurationValid) == "True Accepted")
        #expect(world.replicas == 5)
    }

    @Test func `a spec that cannot be read changes nothing and says which value`() throws {
        var world = try World.running()
        world.patch(["instances": "many"])
        try world.settle()
        #expect(try world.condition(.ready) == "False InvalidSpec")
        #expect(try world.status.condition(.ready)?.message.hasPrefix("spec.instances: \"many\"") == true)
        #expect(try world.status.primary == "demo-0")
        let events = world.takeEvents()
        #expect(events.count == 1)
    }

    @Test func `changing bootstrap later is refused`() throws {
        var world = try World.running()
        world.patch(["bootstrap": ["initdb": ["encoding": "LATIN1"]]])
        try world.settle()
        #expect(try world.condition(.configurationValid) == "False InvalidSpec")
        #expect(try world.status.condition(.configurationValid)?.message.contains("spec.bootstrap") == true)
    }

    @Test func `changing the size of volumes is refused instead of ignored`() throws {
        var world = try World.running()
        world.patch(["storage": ["size": "20Gi"]])
        try world.settle()
        #expect(try world.status.condition(.ready)?.message.contains("made with 10Gi") == true)
        world.patch(["storage": ["size": "10240Mi"]])
        try world.settle()
        #expect(try world.condition(.configurationValid) == "True Accepted")
    }

    @Test func `pausing is in the configuration`() throws {
        var world = try World.running()
        world.patch(["paused": true])
        try world.settle()
        #expect(try JSONValue(parsing: world[store: "demo-config"]["config"]?.stringValue ?? "")["pause"] == true)
    }

    @Test func `members with a pending restart are listed`() throws {
        var world = try World.running()
        world.observed.pods[1].metadata.annotations = [
            "status": #"{"state":"running","role":"replica","timeline":1,"pending_restart":true}"#
        ]
        try world.settle()
        #expect(try world.status.pendingRestart == ["demo-1"])
        world.observed.pods[1] = world.member(1, role: "replica")
        try world.settle()
        #expect(try world.status.pendingRestart == nil)
    }
}
