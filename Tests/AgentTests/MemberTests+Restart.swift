import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `a leader whose postmaster is killed comes back as leader on the same timeline`() async throws {
        try await withThree { cluster, before in
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            let postmaster = try #require(before.leader.postmaster)
            kill(postmaster, SIGKILL)
            try await eventually(within: .seconds(20), "another postmaster", { before.leader.postmaster }) {
                $0 != nil && $0 != postmaster
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name)
            #expect(after.timeline == before.timeline)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
        }
    }

    @Test func `a leader whose postmaster is frozen is restarted in place`() async throws {
        try await withThree { cluster, before in
            // A start or a crash shortly before would be one outage with this one, and use up the `ttl` an ill server has.
            try await Task.sleep(for: Self.outageEnds)
            let postmaster = try #require(before.leader.postmaster)
            kill(postmaster, SIGSTOP)
            try await eventually(within: .seconds(20), "another postmaster", { before.leader.postmaster }) {
                $0 != nil && $0 != postmaster
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name)
            #expect(after.timeline == before.timeline)
        }
    }

    @Test func `a killed agent is started again and leads the same postmaster`() async throws {
        try await withThree { cluster, before in
            let leader = before.leader
            let postmaster = try #require(leader.postmaster)
            let agent = try #require(leader.agentProcess)
            let initProcess = leader.initProcess
            let transitions = try await cluster.lock()["transitions"]
            let holder = try await cluster.lock()["matriarch.dev/holder"]
            kill(agent, SIGKILL)
            try await eventually(within: .seconds(15), "another agent holds the lock") {
                let lock = try await cluster.lock()
                return lock["leader"] == leader.name && lock["matriarch.dev/holder"] != holder
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == leader.name)
            #expect(after.timeline == before.timeline)
            #expect(leader.postmaster == postmaster)
            #expect(leader.agentProcess != agent)
            #expect(leader.initProcess == initProcess)
            #expect(try await cluster.lock()["transitions"] == transitions)
        }
    }

    @Test func `a leader whose agent died before the history had its timeline tells it in its next life`() async throws
    {
        try await withThree { cluster, before in
            let candidate = try #require(before.standbys.first)
            try await cluster.annotate(
                .failover, ["leader": .string(before.leader.name), "member": .string(candidate.name)])
            try await eventually(within: .seconds(15), "it leads", { try await cluster.lock()["leader"] }) {
                $0 == candidate.name
            }
            let after = try await cluster.healthy()
            try await eventually("it has told once") {
                try await cluster.annotations(.configuration)["history"]?.contains("\"\(candidate.name)\"") == true
            }
            // Frozen: it would write it again itself.
            let agent = try #require(candidate.agentProcess)
            kill(agent, SIGSTOP)
            try await cluster.annotate(.configuration, ["history": .null])
            kill(agent, SIGKILL)
            let told = try await eventually(
                within: .seconds(15), "the history", { try await cluster.annotations(.configuration)["history"] ?? "" }
            ) { !$0.isEmpty }
            let last = try #require(try JSONValue(parsing: told).arrayValue?.last?.arrayValue)
            #expect(last.first?.intValue == after.timeline - 1)
            #expect(last.last?.stringValue == candidate.name)
            // A write of another member lands late: a course that is not the cluster's, and one it has left.
            let entry = { (timeline: Int) -> JSONValue in [.int(Int64(timeline)), 7, "late", "then", "demo-9"] }
            for entries in [[entry(after.timeline - 1)], [.array(last), entry(after.timeline + 3)]] {
                try await cluster.annotate(.configuration, ["history": .string(JSONValue.array(entries).serialized())])
                try await eventually(within: .seconds(15), "the leader's own entry is the last one again") {
                    try JSONValue(parsing: try await cluster.annotations(.configuration)["history"] ?? "null")
                } until: {
                    $0 == [.array(last)]
                }
            }
            #expect(try await cluster.healthy().timeline == after.timeline)
        }
    }

    @Test func `a postmaster killed while the cluster is paused stays down until it is resumed`() async throws {
        try await withThree { cluster, before in
            let leader = before.leader
            try await cluster.setPaused(true)
            let offset = leader.logEnd
            let postmaster = try #require(leader.postmaster)
            kill(postmaster, SIGKILL)
            try await eventually(within: .seconds(15), "the leader lets the lock go", { try await cluster.lock() }) {
                $0["leader"] == nil
            }
            #expect(leader.hasSaid("PAUSE: removed leader lock because postgres is not running", since: offset))
            // Longer than it takes anybody to race or to start: the lock has been free for three heartbeats.
            try await holds(for: .seconds(3), "nobody leads and nothing starts") {
                try await cluster.lock()["leader"] == nil && leader.postmaster == nil
            }
            try await cluster.setPaused(false)
            let after = try await cluster.healthy()
            #expect(leader.postmaster != nil)
            #expect(after.timeline >= before.timeline)
        }
    }
}

/// Looks for as long as it lasts; fails at the first look that does not satisfy.
func holds(for duration: Duration, _ what: String, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {
        try #require(try await condition(), "\(what): not for \(duration)")
        // The pace of looking.
        try await Task.sleep(for: .milliseconds(50))
    }
}

extension MemberCluster {
    /// Writes the intent and waits until every member that runs has said that it knows.
    func setPaused(_ isPaused: Bool) async throws {
        var configuration = MemberTests.configuration
        configuration["pause"] = .bool(isPaused)
        try await annotate(.configuration, ["config": .string(configuration.serialized())])
        // Whoever does not run says nothing.
        for member in members where member.isRunning {
            try await eventually(
                within: .seconds(15), "\(member.name) knows that it is \(isPaused ? "" : "not ")paused"
            ) {
                let pod = try await client.getRaw(Pod.resource, name: member.name, namespace: namespace)
                let status = pod.value(at: "metadata", "annotations", "status")?.stringValue ?? "null"
                return (try JSONValue(parsing: status)["pause"]?.boolValue ?? false) == isPaused
            }
        }
    }
}
