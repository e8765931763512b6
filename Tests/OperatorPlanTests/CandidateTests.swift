import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// Why nobody leads: each candidate and what keeps it.
@Suite struct CandidateTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var spec: JSONValue = [:]
        let change: @Sendable (inout World) -> Void
        let message: String
    }

    private static let free = "runs, and nothing it says of itself keeps it from leading"

    static let rows: [Row] = [
        Row(
            testDescription: "an election is under way", change: { _ in },
            message: "Nobody holds the lock: demo-0 \(free); demo-1 \(free); demo-2 \(free)"),
        Row(
            testDescription: "there are no Pods", change: { $0.observed.pods = [] },
            message: "Nobody holds the lock: there are no members"),
        Row(
            testDescription: "each for a reason of its own",
            spec: ["instanceOverrides": [["name": "demo-2", "tags": ["nofailover": true]]]],
            change: {
                $0.observed.pods[0].status?.containerStatuses = [
                    ContainerStatus(
                        name: "postgres", restartCount: 0,
                        state: ContainerState(terminated: ContainerStateTerminated(exitCode: 1)))
                ]
                $0.observed.pods[0].status?.conditions = [PodCondition(type: "Ready", status: "False")]
                $0.observed.pods[1] = $0.member(1, role: "replica", state: "starting", isReady: false)
            },
            message: "Nobody holds the lock: demo-0 is not heard of: its container has ended with exit code 1; "
                + "demo-1 says of its server: starting; demo-2 may not lead: its tags exclude it"),
        Row(
            testDescription: "only a person can help one, and one is behind",
            change: {
                $0.observed.pods[1] = $0.member(1, role: "replica", state: "stopped", problem: "The volume is foreign")
                $0.observed.pods[0].metadata.deletionTimestamp = $0.now
                $0.observed.pods[2] = $0.member(2, role: nil)
            },
            message: "Nobody holds the lock: demo-0 is being deleted; demo-1 The volume is foreign; "
                + "demo-2 has not said anything yet"),
        Row(
            testDescription: "every volume was lost",
            change: { world in
                for ordinal in 0...2 {
                    world.observed.pods[ordinal] = world.member(ordinal, role: "uninitialized", state: "stopped")
                }
            },
            message: "Nobody holds the lock: no member has data: every volume is empty. The former volumes, bound to "
                + "the same claims, bring the cluster back; without them, delete the PostgresCluster and apply it again for an "
                + "empty one. None is made by itself"),
        Row(
            testDescription: "every volume was lost but that of a member which is not here",
            change: { world in
                world.observed.pods = (0...1).map { world.member($0, role: "uninitialized", state: "stopped") }
            },
            message: "Nobody holds the lock: demo-0 has no data; demo-1 has no data"),
        Row(
            testDescription: "one volume has data that are not the cluster's",
            change: { world in
                world.observed.pods[0] = world.member(
                    0, role: "uninitialized", state: "stopped", problem: "It is foreign")
                world.observed.pods[1] = world.member(1, role: "uninitialized", state: "stopped")
            },
            message: "Nobody holds the lock: demo-0 It is foreign; demo-1 has no data; demo-2 \(free)"),
        Row(
            testDescription: "an older timeline",
            change: { $0.observed.pods[2] = $0.member(2, role: "replica", timeline: 2) },
            message: "Nobody holds the lock: demo-0 is on timeline 1, and 2 is the newest; "
                + "demo-1 is on timeline 1, and 2 is the newest; demo-2 \(free)"),
        Row(
            testDescription: "a synchronous mode", spec: ["highAvailability": ["synchronous": ["mode": "on"]]],
            change: { $0[store: "demo-sync"] = ["leader": "demo-0", "sync_standby": "demo-1", "quorum": "0"] },
            message: "Nobody holds the lock: demo-0 \(free); demo-1 \(free); "
                + "demo-2 is no synchronous standby; those are demo-1"),
        Row(
            testDescription: "paused", spec: ["paused": true], change: { _ in },
            message: "Nobody holds the lock: automatic actions are off, so nobody is promoted; "
                + "demo-0 \(free); demo-1 \(free); demo-2 \(free)"),
    ]

    @Test(arguments: rows)
    func `while nobody leads the condition names each candidate and its reason`(_ row: Row) throws {
        var world = try World.running(spec: row.spec)
        world[store: "demo-leader"] = ["leader": .null]
        row.change(&world)
        try world.settle()
        #expect(try world.condition(.primaryAvailable) == "False NoPrimary")
        #expect(try world.status.condition(.primaryAvailable)?.message == row.message)
    }

    @Test func `a holder that does not serve says why`() throws {
        var world = try World.running()
        world[store: "demo-leader"] = ["leader": "demo-1"]
        func message() throws -> String? { try world.status.condition(.primaryAvailable)?.message }
        let held = "demo-1 holds the lock and does not accept writes (yet): "
        try world.settle()
        #expect(try message() == held + "its server is not promoted yet")
        world.observed.pods[1] = world.member(1, role: "primary", state: "starting", isReady: false)
        try world.settle()
        #expect(try message() == held + "says of its server: starting")
        world.observed.pods.remove(at: 1)
        try world.settle()
        #expect(try message() == held + "it has no Pod")
    }
}
