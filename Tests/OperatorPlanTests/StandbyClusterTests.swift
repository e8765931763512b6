import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

@Suite struct StandbyClusterTests {
    static let section: JSONValue = ["standby": ["host": "site-a.example", "primarySlotName": "site_b"]]
    static let secrets = ["demo-superuser", "demo-replication", "demo-rewind"]

    /// A standby cluster whose Secrets somebody has made.
    private func following() throws -> World {
        var world = World(Self.section)
        world.observed.secrets = Dictionary(uniqueKeysWithValues: Self.secrets.map { ($0, ObjectMeta(name: $0)) })
        try world.settle()
        world.run(3, leader: 0)
        world.observed.pods[0] = world.member(0, role: "standby_leader")
        try world.settle()
        return world
    }

    private func configuration(_ world: World) throws -> JSONValue {
        let text = try #require(world[store: "demo-config"]["config"]?.stringValue)
        return try JSONValue(parsing: text)
    }

    private func agentFile(_ world: World) throws -> JSONValue {
        let object = world.observed.objects[ObjectKey(ConfigMap.resource, "demo-agent")]
        let text = try #require(object?.value(at: "data", "agent.json")?.stringValue)
        return try JSONValue(parsing: text)
    }

    @Test func `the section goes into the store in Patroni's words, and out of it again`() throws {
        var world = try following()
        #expect(
            try configuration(world)["standby_cluster"]
                == ["host": "site-a.example", "port": 5432, "primary_slot_name": "site_b"])
        #expect(try agentFile(world).value(at: "bootstrap", "standby") == true)
        world.patch(["standby": ["enabled": false]])
        try world.settle()
        #expect(try configuration(world)["standby_cluster"] == nil)
        #expect(try agentFile(world).value(at: "bootstrap", "standby") == nil)
        world.patch(["standby": .null])
        try world.settle()
        #expect(try configuration(world)["standby_cluster"] == nil)
    }

    @Test func `the agents are told an IPv6 address without its brackets, people with them`() throws {
        var world = World(["standby": ["host": "[fd00::1]", "port": 5433]])
        world.observed.secrets = Dictionary(uniqueKeysWithValues: Self.secrets.map { ($0, ObjectMeta(name: $0)) })
        try world.settle()
        #expect(try configuration(world)["standby_cluster"] == ["host": "fd00::1", "port": 5433])
        world.run(3, leader: 0)
        world.observed.pods[0] = world.member(0, role: "standby_leader")
        try world.settle()
        #expect(try world.status.condition(.primaryAvailable)?.message.contains("[fd00::1]:5433") == true)
    }

    @Test func `a standby cluster without data gets no Secrets, and says which ones it needs`() throws {
        var world = World(Self.section)
        let done = try world.settle()
        #expect(!done.contains { if case .createSecret = $0 { true } else { false } })
        #expect(try world.condition(.degraded) == "True SecretMissing")
        let message = try #require(try world.status.condition(.degraded)?.message)
        for name in Self.secrets { #expect(message.contains(name)) }
        world.observed.secrets = Dictionary(uniqueKeysWithValues: Self.secrets.map { ($0, ObjectMeta(name: $0)) })
        try world.settle()
        #expect(try world.condition(.degraded) == "False Sound")
    }

    /// The remote server's passwords replace whatever was made here.
    @Test func `a standby cluster with data gets no Secrets either`() throws {
        var world = try following()
        world.observed.secrets["demo-rewind"] = nil
        let done = try world.settle()
        #expect(!done.contains { if case .createSecret = $0 { true } else { false } })
        #expect(try world.condition(.degraded) == "True SecretMissing")
    }

    @Test func `a standby cluster is healthy without accepting writes, and says whom it follows`() throws {
        let world = try following()
        #expect(try world.condition(.ready) == "True StandbyHealthy")
        #expect(try world.condition(.primaryAvailable) == "False StandbyLeaderRunning")
        #expect(try world.condition(.degraded) == "False Sound")
        #expect(try world.condition(.progressing) == "False Stable")
        #expect(try world.status.condition(.ready)?.message.contains("site-a.example:5432") == true)
        #expect(try world.status.members?.map(\.role) == ["standby_leader", "replica", "replica"])
    }

    @Test func `another standby leader is no failover, and a promotion is told once`() throws {
        var world = try following()
        _ = world.takeEvents()
        world.run(3, leader: 1)
        world.observed.pods[1] = world.member(1, role: "standby_leader")
        try world.settle()
        #expect(world.takeEvents() == ["PrimaryChanged: demo-1 is the standby leader after demo-0, on timeline 1"])
        #expect(try world.status.lastFailover == nil)

        world.patch(["standby": ["enabled": false]])
        try world.settle()
        world.run(3, leader: 1, timeline: 2)
        try world.settle()
        #expect(world.takeEvents() == ["StandbyClusterPromoted: demo-1 accepts writes on timeline 2"])
        #expect(try world.condition(.ready) == "True Healthy")
        #expect(try world.condition(.primaryAvailable) == "True PrimaryRunning")
    }

    @Test func `a promotion is told also when the lock was not renewed meanwhile`() throws {
        var world = try following()
        world[store: "demo-leader"] = ["ttl": "20"]
        try world.settle()
        #expect(try world.status.standbyCluster == true)
        world.patch(["standby": ["enabled": false]])
        try world.settle()
        _ = world.takeEvents()
        let lost = LockAge(lastChange: world.now, unchanged: .seconds(60))
        world.observed.lockAge = lost
        try world.settle()
        #expect(try world.condition(.primaryAvailable) == "Unknown LockNotRenewed")
        // It has promoted itself, as it said last, and whether it accepts writes is not known.
        world.run(3, leader: 0, timeline: 2)
        try world.settle()
        #expect(try world.condition(.primaryAvailable) == "Unknown LockNotRenewed")
        #expect(world.takeEvents().map { $0.prefix(15) } == ["LockNotRenewed:"])
        world.observed.lockAge = LockAge(lastChange: world.now, unchanged: .zero)
        try world.settle()
        #expect(world.takeEvents() == ["StandbyClusterPromoted: demo-0 accepts writes on timeline 2"])
        #expect(try world.status.standbyCluster == nil)
        world.observed.lockAge = lost
        try world.settle()
        world.observed.lockAge = nil
        try world.settle()
        #expect(!world.takeEvents().contains { $0.hasPrefix("StandbyClusterPromoted") })
    }

    @Test func `commits of a standby cluster wait for nobody`() throws {
        var world = try following()
        world.patch(["highAvailability": ["synchronous": ["mode": "quorum"]]])
        try world.settle()
        #expect(try world.condition(.synchronousReplication) == "absent")
    }

    @Test func `the standby leader is switched over before its Pod is replaced`() throws {
        var world = try following()
        world.reportRevision("r2")
        for ordinal in 1..<3 { world.observed.pods[ordinal] = world.member(ordinal, role: "replica", revision: "r2") }
        try world.settle()
        #expect(world[store: "demo-failover"]["leader"] == "demo-0")
    }
}
