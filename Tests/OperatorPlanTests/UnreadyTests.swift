import ClusterRecords
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// Members that do not come up: said with the words of whoever knows why, after a bounded time.
@Suite struct UnreadyTests {
    /// A Pod in some state, and what is said of it when its time is over.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var patience: Int64 = 60
        var reason = UnreadyReason.obstacle
        /// Degraded and Progressing before that.
        var early = ["False Sound", "True MembersStarting"]
        let change: @Sendable (inout World) -> Void
        let message: String
    }

    private static let start = Timestamp(secondsSince1970: 1_700_000_000)

    /// What kubelet and scheduler say of demo-2, whose agent says nothing, or `state`.
    private static func describe(_ world: inout World, agent state: String? = nil, _ status: PodStatus) {
        var pod = world.member(2, role: state == nil ? nil : "replica", state: state ?? "", isReady: false)
        pod.status = status
        world.observed.pods[2] = pod
    }

    private static func container(
        _ state: ContainerState, last: ContainerStateTerminated? = nil, restarts: Int = 0
    ) -> [ContainerStatus] {
        [
            ContainerStatus(
                name: "postgres", restartCount: restarts, state: state,
                lastState: last.map { ContainerState(terminated: $0) })
        ]
    }

    private static func unready(at seconds: Int64 = 0) -> [PodCondition] {
        [PodCondition(type: "Ready", status: "False", lastTransitionTime: start + .seconds(seconds))]
    }

    private static func ended(_ code: Int, reason: String = "Error", after seconds: Int64 = 2)
        -> ContainerStateTerminated
    {
        ContainerStateTerminated(
            exitCode: code, reason: reason, message: "39eef886", startedAt: start, finishedAt: start + .seconds(seconds)
        )
    }

    static let rows: [Row] = [
        Row(
            testDescription: "no node fits",
            change: {
                describe(
                    &$0,
                    PodStatus(
                        phase: "Pending",
                        conditions: [
                            PodCondition(
                                type: "PodScheduled", status: "False", reason: "Unschedulable",
                                message: "0/3 nodes are available: 3 node(s) didn't match node selector.")
                        ]))
            },
            message: "cannot be scheduled: 0/3 nodes are available: 3 node(s) didn't match node selector."),
        Row(
            testDescription: "the volume claim is not bound",
            change: {
                $0.observed.unboundClaims["data-demo-2"] = "Pending"
                describe(
                    &$0,
                    PodStatus(
                        phase: "Pending",
                        conditions: [
                            PodCondition(
                                type: "PodScheduled", status: "False",
                                message: "pod has unbound immediate PersistentVolumeClaims")
                        ]))
            },
            message:
                "cannot be scheduled: pod has unbound immediate PersistentVolumeClaims; its volume claim is Pending"),
        Row(
            testDescription: "the volume is lost",
            change: {
                $0.observed.unboundClaims["data-demo-2"] = "Lost"
                describe(&$0, PodStatus(phase: "Pending"))
            },
            message: "its volume claim is Lost"),
        Row(
            testDescription: "the image cannot be pulled",
            change: {
                describe(
                    &$0,
                    PodStatus(
                        phase: "Pending",
                        containerStatuses: container(
                            ContainerState(
                                waiting: ContainerStateWaiting(
                                    reason: "ImagePullBackOff", message: "Back-off pulling image \"postgres:nope\"")))))
            },
            message: "ImagePullBackOff: Back-off pulling image \"postgres:nope\""),
        Row(
            testDescription: "a Secret the container mounts is not there",
            change: {
                describe(
                    &$0,
                    PodStatus(
                        phase: "Pending",
                        containerStatuses: container(
                            ContainerState(
                                waiting: ContainerStateWaiting(
                                    reason: "CreateContainerConfigError", message: "secret \"x\" not found")))))
            },
            message: "CreateContainerConfigError: secret \"x\" not found"),
        Row(
            testDescription: "the container keeps ending and is held back",
            early: ["True MembersNotReady", "False Stable"],
            change: {
                describe(
                    &$0, agent: "starting",
                    PodStatus(
                        phase: "Running", conditions: unready(),
                        containerStatuses: container(
                            ContainerState(waiting: ContainerStateWaiting(reason: "CrashLoopBackOff")),
                            last: ended(137, reason: "OOMKilled"), restarts: 1)))
            },
            message: "its container keeps ending, the last time with exit code 137 (OOMKilled)"),
        Row(
            testDescription: "the container keeps ending and runs between two ends",
            change: {
                describe(
                    &$0, agent: "starting",
                    PodStatus(
                        phase: "Running", conditions: unready(at: 3),
                        containerStatuses: container(
                            ContainerState(running: ContainerStateRunning()), last: ended(1), restarts: 2)))
            },
            message: "its container keeps ending, the last time with exit code 1"),
        Row(
            testDescription: "the Pod was evicted",
            change: { describe(&$0, PodStatus(phase: "Failed", reason: "Evicted", message: "low on memory")) },
            message: "its Pod is Failed (Evicted: low on memory)"),
        Row(
            testDescription: "a quota or an admission policy keeps the Pod from being made", reason: .podMissing,
            change: { $0.observed.pods.removeLast() },
            message:
                "its Pod is not made; the Events of StatefulSet demo say why, such as a quota or an admission policy"),
        Row(
            testDescription: "a volume that is not attached", patience: 300, reason: .silent,
            change: {
                describe(
                    &$0,
                    PodStatus(
                        phase: "Pending",
                        containerStatuses: container(
                            ContainerState(waiting: ContainerStateWaiting(reason: "ContainerCreating")))))
            },
            message: "its agent has not said anything (its container has not started (ContainerCreating))"),
        Row(
            testDescription: "a Pod that does not go", patience: 300, reason: .podDeleting,
            change: {
                $0.observed.pods[2].metadata.deletionTimestamp = start
            },
            message: "its Pod is being deleted"),
        Row(
            testDescription: "a copy that does not end", patience: 1800, reason: .working,
            change: { $0.observed.pods[2] = $0.member(2, role: "replica", state: "creating replica", isReady: false) },
            message: "creating replica; its log says how far it is"),
    ]

    @Test(arguments: rows)
    func `what keeps a member from coming up is said when its time is over, and told once`(_ row: Row) throws {
        var world = try World.running()
        row.change(&world)
        try world.settle()
        let since = world.now
        #expect(try [world.condition(.degraded), world.condition(.progressing)] == row.early)
        #expect(
            try world.status.unready == [
                UnreadyStatus(
                    name: "demo-2", since: since, reason: row.reason, reasonSince: since, message: row.message)
            ])
        #expect(try world.planned().requeueAfter == .seconds(row.patience))
        #expect(world.takeEvents() == [])

        world.advance(row.patience - 1)
        try world.settle()
        #expect(try world.condition(.degraded) == row.early[0])
        world.advance(1)
        try world.settle()
        let message = "demo-2: \(row.message) (not ready since \(since))"
        #expect(try world.condition(.degraded) == "True MemberMissing")
        #expect(try world.status.condition(.degraded)?.message == message)
        #expect(try world.condition(.progressing) == "False MemberMissing")
        #expect(try world.condition(.ready) == "False MemberMissing")
        #expect(try world.condition(.primaryAvailable) == "True PrimaryRunning")
        #expect(world.takeEvents() == ["MemberMissing: \(message)"])

        world.advance(3600)
        try world.settle()
        #expect(world.takeEvents() == [])
        world.run(3, leader: 0)
        world.observed.unboundClaims = [:]
        try world.settle()
        #expect(try world.condition(.degraded) == "False Sound")
        #expect(try world.status.unready == nil)
        #expect(try world.planned().requeueAfter == nil)
    }

    @Test func `a cluster whose first member cannot be scheduled says so instead of being made for ever`() throws {
        var world = World()
        try world.settle()
        world.observed.pods = [world.member(0, role: nil, isReady: false)]
        world.observed.pods[0].status = PodStatus(
            phase: "Pending",
            conditions: [PodCondition(type: "PodScheduled", status: "False", message: "0/1 nodes are available")])
        try world.settle()
        #expect(try world.condition(.degraded) == "False Sound")
        world.advance(60)
        try world.settle()
        #expect(try world.condition(.degraded) == "True MemberMissing")
        let message = try #require(try world.status.condition(.degraded)?.message)
        #expect(message.hasPrefix("demo-0: cannot be scheduled: 0/1 nodes are available (not ready since"))
        #expect(message.contains("demo-1: its Pod is not made"))
        #expect(try world.condition(.primaryAvailable) == "False Bootstrapping")
        #expect(try world.status.condition(.primaryAvailable)?.message == "No member has made the cluster's data yet")
    }

    @Test func `a replica that lags long after its container has ended twice is not said to keep ending`() throws {
        var world = try World.running()
        world.observed.pods[2] = world.member(2, role: "replica", isReady: false)
        world.observed.pods[2].status?.conditions = Self.unready(at: 5_000)
        world.observed.pods[2].status?.containerStatuses = Self.container(
            ContainerState(running: ContainerStateRunning()), last: Self.ended(1), restarts: 2)
        world.advance(3600)
        try world.settle()
        #expect(try world.condition(.degraded) == "True MembersNotReady")
        #expect(try world.status.condition(.degraded)?.message == "Not ready: demo-2")
    }

    @Test func `a container that ended twice and copies for hours since is not said to keep ending`() throws {
        var world = try World.running()
        world.observed.pods[2] = world.member(2, role: "replica", state: "creating replica", isReady: false)
        world.observed.pods[2].status?.conditions = Self.unready(at: 3)
        world.observed.pods[2].status?.containerStatuses = Self.container(
            ContainerState(running: ContainerStateRunning(startedAt: world.now)), last: Self.ended(1), restarts: 2)
        try world.settle()
        #expect(try world.status.unready?.map(\.reason) == [.obstacle])
        world.advance(600)
        try world.settle()
        #expect(try world.condition(.degraded) == "True MemberMissing")
        world.advance(1)
        try world.settle()
        #expect(try world.status.unready?.map(\.message) == ["creating replica; its log says how far it is"])
        #expect(try world.condition(.degraded) == "False Sound")
        #expect(try world.condition(.progressing) == "True MembersStarting")
    }

    @Test func `a member that was down for hours and is made anew has the time that takes`() throws {
        var world = try World.running()
        let since = world.now
        world.observed.pods[2] = world.member(2, role: "replica", state: "crashed", isReady: false)
        try world.settle()
        world.advance(7200)
        try world.settle()
        #expect(try world.condition(.degraded) == "True MemberFailed")
        _ = world.takeEvents()

        // As the runbook says.
        let pod = world.observed.pods.removeLast()
        try world.settle()
        #expect(try world.condition(.degraded) == "False Sound")
        world.advance(30)
        world.observed.pods.append(pod)
        world.observed.pods[2] = world.member(2, role: nil, isReady: false)
        try world.settle()
        world.advance(299)
        try world.settle()
        #expect(try world.condition(.degraded) == "False Sound")
        world.observed.pods[2] = world.member(2, role: "replica", state: "creating replica", isReady: false)
        try world.settle()
        let copying = world.now
        world.advance(1799)
        try world.settle()
        #expect(try world.condition(.degraded) == "False Sound")
        #expect(try world.planned().requeueAfter == .seconds(1))
        #expect(world.takeEvents() == [])
        #expect(
            try world.status.unready == [
                UnreadyStatus(
                    name: "demo-2", since: since, reason: .working, reasonSince: copying,
                    message: "creating replica; its log says how far it is")
            ])
        world.advance(1)
        try world.settle()
        #expect(try world.condition(.degraded) == "True MemberMissing")
    }

    @Test func `other words about the same wait give it no more time`() throws {
        var world = try World.running()
        func wait(_ reason: String) {
            Self.describe(
                &world,
                PodStatus(
                    phase: "Pending",
                    containerStatuses: Self.container(
                        ContainerState(waiting: ContainerStateWaiting(reason: reason)))))
        }
        wait("ErrImagePull")
        try world.settle()
        world.advance(30)
        wait("ImagePullBackOff")
        try world.settle()
        world.advance(30)
        try world.settle()
        #expect(try world.condition(.degraded) == "True MemberMissing")
    }

    @Test func `a member that is to be removed is not waited for`() throws {
        var world = try World.running()
        world.patch(["instances": 2])
        world.observed.pods[2].metadata.deletionTimestamp = Self.start
        try world.settle()
        #expect(try world.status.unready == nil)
    }

    @Test(arguments: [-5, 0, 33, 100_000])
    func `an absurd number of instances is no number of members to wait for`(_ instances: Int) throws {
        var world = try World.running()
        world.patch(["instances": JSONValue(instances)])
        try world.settle()
        #expect(try world.status.unready == nil)
    }

    @Test func `words of any length make a status the API server takes`() throws {
        var world = try World.running()
        let long = String(repeating: "é", count: 9000)
        for ordinal in 0..<3 {
            world.observed.pods[ordinal] = world.member(ordinal, role: nil, isReady: false)
            world.observed.pods[ordinal].status = PodStatus(
                conditions: [PodCondition(type: "PodScheduled", status: "False", message: long)])
        }
        world.advance(60)
        try world.settle()
        world.advance(60)
        try world.settle()
        for condition in try world.status.conditions ?? [] {
            #expect(condition.message.unicodeScalars.count <= 4096, "\(condition.type)")
        }
        #expect(try world.status.unready?.allSatisfy { $0.message.unicodeScalars.count <= 1024 } == true)
    }
}
