import ClusterRecords
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// Members nothing is heard of: their last word is not shown as what is.
@Suite struct SilenceTests {
    private static let since = Timestamp(secondsSince1970: 1_799_999_000)

    /// What the controller of nodes leaves of a Pod on a node whose kubelet is silent.
    private static func lose(_ world: inout World, _ ordinal: Int, reason: String? = nil) {
        world.observed.pods[ordinal].status?.conditions = [
            PodCondition(type: "Ready", status: "False", reason: reason, lastTransitionTime: since),
            PodCondition(type: "ContainersReady", status: "True"),
        ]
    }

    @Test func `the state of a member on a lost node is unknown, and status says since when`() throws {
        var world = try World.running()
        Self.lose(&world, 2)
        try world.settle()
        let member = try #require(try world.status.members?[2])
        #expect(member.state == "unknown" && member.role == nil && !member.ready)
        #expect(try world.condition(.degraded) == "True MembersNotReady")
        #expect(
            try world.status.condition(.degraded)?.message
                == "Not ready: demo-2 (not heard of since \(Self.since): its node is not heard of)")
        #expect(
            try world.status.unready?.map(\.message) == ["not heard of since \(Self.since): its node is not heard of"])
    }

    @Test func `a Pod that waits for a gate of somebody else is heard`() throws {
        var world = try World.running()
        Self.lose(&world, 2, reason: "ReadinessGatesNotReady")
        try world.settle()
        #expect(try world.status.members?[2].state == "running")
    }

    @Test func `the state of a member whose container has ended is unknown`() throws {
        var world = try World.running()
        world.observed.pods[1].status = PodStatus(
            phase: "Running", conditions: [PodCondition(type: "Ready", status: "False")],
            containerStatuses: [
                ContainerStatus(
                    name: "postgres", restartCount: 0,
                    state: ContainerState(
                        terminated: ContainerStateTerminated(exitCode: 137, reason: "Error", finishedAt: Self.since)))
            ])
        try world.settle()
        #expect(try world.status.members?.map(\.state) == ["running", "unknown", "running"])
        #expect(
            try world.status.condition(.degraded)?.message
                == "Not ready: demo-1 (not heard of since \(Self.since): its container has ended with exit code 137)")
    }

    @Test func `a synchronous standby nothing is heard of does not count as one that runs`() throws {
        var world = try World.running(spec: ["highAvailability": ["synchronous": ["mode": "on", "strict": true]]])
        world[store: "demo-sync"] = ["leader": "demo-0", "sync_standby": "demo-1", "quorum": "0"]
        try world.settle()
        #expect(try world.condition(.synchronousReplication) == "True InSync")
        Self.lose(&world, 1)
        try world.settle()
        #expect(try world.condition(.synchronousReplication) == "False CommitsWait")
    }

    // MARK: The lock

    private static func age(_ unchanged: Int64) -> LockAge {
        LockAge(lastChange: since, unchanged: .seconds(unchanged))
    }

    @Test(arguments: [(23, "True PrimaryRunning"), (24, "Unknown LockNotRenewed")] as [(Int64, String)])
    func `a leader that does not renew its lock is suspect once the lock is no good any more`(
        _ unchanged: Int64, _ available: String
    ) throws {
        var world = try World.running()
        world[store: "demo-leader"] = ["leader": "demo-0", "ttl": "20"]
        world.observed.lockAge = Self.age(unchanged)
        try world.settle()
        #expect(try world.condition(.primaryAvailable) == available)
        let isSuspect = unchanged > 23
        #expect(try world.status.lockNotRenewedSince == (isSuspect ? Self.since : nil))
        #expect(try world.condition(.degraded) == (isSuspect ? "True LockNotRenewed" : "False Sound"))
        #expect(try world.condition(.ready) == (isSuspect ? "False LockNotRenewed" : "True Healthy"))
        let message =
            "demo-0 holds the lock and has not renewed it since \(Self.since), for longer than it is good; "
            + "whether it still accepts writes is not known"
        #expect(world.takeEvents() == (isSuspect ? ["LockNotRenewed: \(message)"] : []))
        // It renews again.
        world.observed.lockAge = Self.age(0)
        try world.settle()
        #expect(try world.condition(.primaryAvailable) == "True PrimaryRunning")
        #expect(try world.status.lockNotRenewedSince == nil)
    }

    @Test func `a lock that is not renewed is told once, whatever else is wrong`() throws {
        var world = try World.running()
        world.observed.pods[2] = world.member(2, role: "replica", problem: "its disk is full")
        world[store: "demo-leader"] = ["leader": "demo-0", "ttl": "20"]
        try world.settle()
        _ = world.takeEvents()
        world.observed.lockAge = Self.age(24)
        try world.settle()
        #expect(try world.condition(.degraded) == "True LockNotRenewed")
        #expect(try world.status.condition(.degraded)?.message.hasSuffix("; demo-2: its disk is full") == true)
        #expect(world.takeEvents().map { $0.prefix(15) } == ["LockNotRenewed:"])
        world.run(3, leader: 0)
        try world.settle()
        #expect(try world.condition(.degraded) == "True LockNotRenewed")
        #expect(world.takeEvents() == [])
    }

    @Test func `a lock that does not say how long it is good is not judged`() throws {
        var world = try World.running()
        world.observed.lockAge = Self.age(100_000)
        try world.settle()
        #expect(try world.condition(.primaryAvailable) == "True PrimaryRunning")
    }

    @Test func `a lock nobody holds is not renewed by anybody`() throws {
        var world = try World.running()
        world[store: "demo-leader"] = ["leader": .null]
        world.observed.lockAge = Self.age(1000)
        try world.settle()
        #expect(try world.condition(.primaryAvailable) == "False NoPrimary")
    }

    @Test func `a leader that renews is heard, though its node is not`() throws {
        var world = try World.running()
        Self.lose(&world, 0)
        world[store: "demo-leader"] = ["ttl": "30"]
        world.observed.lockAge = Self.age(3)
        try world.settle()
        #expect(try world.status.members?[0].state == "running")
        #expect(try world.condition(.primaryAvailable) == "True PrimaryRunning")
        world.observed.lockAge = Self.age(34)
        try world.settle()
        #expect(try world.status.members?[0].state == "unknown")
        #expect(try world.condition(.primaryAvailable) == "Unknown LockNotRenewed")
    }
}
