import Glibc
import KubernetesModels
import TestSupport
import Testing

/// The leader's container ends and is held back: its death is known by the name it gave itself, or not at all.
extension MemberTests {
    /// So long that nobody waits it out in the time a report takes.
    private static let longLock: JSONValue = [
        "ttl": 25, "loop_wait": 2, "retry_timeout": 3, "matriarch": ["fence_margin": 3],
        "postgresql": ["parameters": ["shared_buffers": "16MB", "max_connections": 30]],
    ]

    /// Kills the leader's container and tells how long the lock stayed with it.
    private func killContainer(of leader: MemberProcess, in cluster: MemberCluster) async throws -> Duration {
        let killed = ContinuousClock.now
        try await leader.destroy()
        try await eventually(within: .seconds(40), "another member takes the lock") {
            let holder = try await cluster.lock()["leader"]
            return holder != nil && holder != leader.name
        }
        return ContinuousClock.now - killed
    }

    @Test func `a leader whose container has ended is replaced when the kubelet says so, not after ttl`() async throws {
        try await with(3, configuration: Self.longLock) { cluster in
            let kubelet = MemberKubelet(for: cluster, backOff: [.seconds(60)])
            await kubelet.start()
            let before = try await cluster.healthy()
            let old = before.leader
            // An agent that is started again in the same container has the name of the one before.
            let name = try await Self.instance(in: cluster)
            #expect(name.map { old.terminationMessage == "matriarch instance \($0)\n" } == true)
            let agent = try #require(old.agentProcess)
            let nonce = try await Self.holder(in: cluster)?["nonce"]?.stringValue
            kill(agent, SIGKILL)
            try await eventually(within: .seconds(20), "its next agent has the lock") {
                let holder = try await Self.holder(in: cluster)
                return holder?["member"]?.stringValue == old.name && holder?["nonce"]?.stringValue != nonce
            }
            #expect(try await Self.instance(in: cluster) == name)
            try await cluster.healthy()

            let elapsed = try await killContainer(of: old, in: cluster)
            #expect(elapsed < .seconds(15))
            let after = try await cluster.healthy(of: 2, ignoring: old)
            #expect(after.timeline == before.timeline + 1)
            #expect(try await Self.instance(in: cluster) != name)
            await kubelet.stop()
        }
    }

    @Test func `a leader that could not name its container is replaced after ttl`() async throws {
        try await with(2) { cluster in
            for member in cluster.members {
                try member.start(environment: ["MATRIARCH_TERMINATION_LOG": "/nowhere/termination-log"])
            }
            let kubelet = MemberKubelet(for: cluster, backOff: [.seconds(60)])
            await kubelet.start()
            let old = try await cluster.healthy().leader
            #expect(try await Self.instance(in: cluster) == nil)
            #expect(old.hasSaid("cannot leave a name in /nowhere/termination-log"))
            let elapsed = try await killContainer(of: old, in: cluster)
            // The kubelet has told within a second; that may be any container's end.
            #expect(elapsed > .seconds(4))
            try await cluster.healthy(of: 1, ignoring: old)
            await kubelet.stop()
        }
    }

    private static func holder(in cluster: MemberCluster) async throws -> JSONValue? {
        try await cluster.lock()["matriarch.dev/holder"].map { try JSONValue(parsing: $0) }
    }

    private static func instance(in cluster: MemberCluster) async throws -> String? {
        try await holder(in: cluster)?["container"]?.stringValue
    }
}
