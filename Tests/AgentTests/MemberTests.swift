import Glibc
import KubernetesModels
import Synchronization
import TestSupport
import Testing

/// Real agents with real PostgreSQL against a real API server, as processes of this machine.
///
/// One after the other: the scenarios share three members. Each begins with a healthy cluster, whatever the one before left.
@Suite(.serialized, MembersLifetime(), .compactMapIssues(FailedExpectations.shared.note)) struct MemberTests {
    /// Short enough for a test, long enough for a machine that compiles beside it.
    static let configuration: JSONValue = [
        "ttl": 6, "loop_wait": 1, "retry_timeout": 1.5, "matriarch": ["fence_margin": 1],
        "postgresql": ["parameters": ["shared_buffers": "16MB", "max_connections": 30]],
    ]

    /// What a change of leader takes at least if it waits for the lock of ``configuration`` to run out: `ttl` less `loop_wait`.
    static let soonestExpiry = Duration.seconds(5)

    /// After so long a leader that answers has no outage behind it any more: `retry_timeout` of ``configuration``, and a look.
    static let outageEnds = Duration.seconds(3)

    /// Runs a scenario on the shared three members and shows their logs if it fails.
    func withThree(_ scenario: (MemberCluster, Leadership) async throws -> Void) async throws {
        let cluster = try await SharedMembers.shared.cluster()
        try await Self.showingLogs(of: cluster) {
            try await scenario(cluster, try await cluster.healthy())
        }
    }

    /// Runs a scenario on members of its own.
    func with(
        _ count: Int, lockObject: String = "ConfigMap", configuration: JSONValue = Self.configuration,
        _ scenario: (MemberCluster) async throws -> Void
    ) async throws {
        let cluster = try await MemberCluster(
            count, on: try await SharedMembers.shared.controlPlane(), lockObject: lockObject,
            configuration: configuration)
        do {
            try await Self.showingLogs(of: cluster) { try await scenario(cluster) }
        } catch {
            try await cluster.destroy()
            throw error
        }
        try await cluster.destroy()
    }

    /// Runs a scenario, and shows what the members said if it throws or an expectation of it fails.
    static func showingLogs(of cluster: MemberCluster, _ scenario: () async throws -> Void) async throws {
        let before = FailedExpectations.shared.count
        do {
            try await scenario()
        } catch {
            print(cluster.logs)
            throw error
        }
        if FailedExpectations.shared.count > before { print(cluster.logs) }
    }
}

/// How many issues the suite has recorded: the members' logs are shown for an expectation that fails without throwing, too.
final class FailedExpectations: Sendable {
    static let shared = FailedExpectations()

    private let recorded = Atomic(0)

    var count: Int { recorded.load(ordering: .relaxed) }

    @Sendable func note(_ issue: Issue) -> Issue {
        recorded.add(1, ordering: .relaxed)
        return issue
    }
}

/// Takes the shared members and their control plane away when the suite is over.
struct MembersLifetime: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        do {
            try await function()
        } catch {
            try await SharedMembers.shared.end()
            throw error
        }
        try await SharedMembers.shared.end()
    }
}

/// The control plane and the three members the scenarios share.
actor SharedMembers {
    static let shared = SharedMembers()

    private var starting: Task<ControlPlane, any Error>?
    private var running: MemberCluster?

    /// Not the one of all tests: a scenario stops this one.
    func controlPlane() async throws -> ControlPlane {
        let task = starting ?? Task { try await ControlPlane.start() }
        starting = task
        return try await task.value
    }

    /// Three healthy members; new ones if those of the scenario before do not recover.
    func cluster() async throws -> MemberCluster {
        if let running {
            do {
                for member in running.members where !member.isRunning { try member.start() }
                try await running.healthy()
                return running
            } catch {
                Issue.record("the scenario before left a cluster that does not recover: \(error)\n\(running.logs)")
                self.running = nil
                try await running.destroy()
            }
        }
        let cluster = try await create()
        running = cluster
        return cluster
    }

    func end() async throws {
        try await running?.destroy()
        try await starting?.value.stop()
        (running, starting) = (nil, nil)
    }

    /// Starts three members together while the API server is down; they have to wait for it.
    private func create() async throws -> MemberCluster {
        let controlPlane = try await controlPlane()
        let cluster = try await MemberCluster(3, on: controlPlane, configuration: MemberTests.configuration)
        do {
            try await controlPlane.stopAPIServer()
            for member in cluster.members { try member.start() }
            for member in cluster.members {
                try await eventually(within: .seconds(20), "\(member.name) says that the API server is away") {
                    member.hasSaid("cannot list")
                }
            }
            try await controlPlane.startAPIServer()
            try await cluster.healthy()
        } catch {
            print(cluster.logs)
            try await cluster.destroy()
            throw error
        }
        return cluster
    }
}
