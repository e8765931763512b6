import ClusterRecords
import Fence
import Glibc
import HTTPTransport
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

@testable import Agent
@testable import AgentShell

/// What becomes of a leader that cannot reach the API server.
extension MemberTests {
    /// The fast profile, so that the timings are ones somebody uses.
    private static let fast: JSONValue = [
        "ttl": 10, "loop_wait": 2, "retry_timeout": 3, "failsafe_mode": true, "matriarch": ["fence_margin": 1.5],
        "postgresql": ["parameters": ["shared_buffers": "16MB", "max_connections": 30]],
    ]
    private static let ttl = Duration.seconds(10)
    private static let stays =
        "continue to run as a leader because failsafe mode is enabled and all members are accessible"

    /// Three healthy members whose failsafe list is complete, and a writer that knows only the leader.
    private func withFailsafe(
        configuration: JSONValue = Self.fast, environment: (MemberCluster) throws -> [String: String] = { _ in [:] },
        _ scenario: (MemberCluster, Leadership, RowWriter) async throws -> Void
    ) async throws {
        try await with(3, configuration: configuration) { cluster in
            // The one with a way of its own to the API server leads: it is there first.
            try cluster.members[0].start(environment: try environment(cluster))
            try await cluster.healthy(of: 1)
            for member in cluster.members.dropFirst() { try member.start() }
            let before = try await cluster.healthy()
            if configuration["failsafe_mode"] == true {
                try await eventually(
                    within: .seconds(20), "all three are listed", { try await cluster.lock()["failsafe"] ?? "" }
                ) { list in cluster.members.allSatisfy { list.contains("\"\($0.name)\"") } }
            }
            try await RowWriter.prepare(on: before.leader)
            let writer = RowWriter(to: [before.leader], patience: .seconds(5))
            await writer.start()
            try await writer.more(20)
            do {
                try await scenario(cluster, before, writer)
            } catch {
                await writer.stop()
                throw error
            }
            await writer.stop()
        }
    }

    /// Ends and starts the API server again, whatever happens between.
    private func withoutAPIServer(_ cluster: MemberCluster, _ body: () async throws -> Void) async throws {
        try await cluster.controlPlane.stopAPIServer()
        do {
            try await body()
        } catch {
            try await cluster.controlPlane.startAPIServer()
            throw error
        }
        try await cluster.controlPlane.startAPIServer()
    }

    @Test func `an API server that is away for four ttl costs no client an error and no leader its role`() async throws
    {
        try await withFailsafe { cluster, before, writer in
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            let postmaster = before.leader.postmaster
            try await withoutAPIServer(cluster) {
                let began = ContinuousClock.now
                try await eventually(within: Self.ttl, "the leader says why it stays") {
                    before.leader.hasSaid(Self.stays)
                }
                try await holds(for: .seconds(40) - (ContinuousClock.now - began), "everybody is as before") {
                    guard before.leader.postmaster == postmaster,
                        try await before.leader.status("/primary") == 200,
                        try await before.leader.status("/liveness") == 200
                    else { return false }
                    for standby in before.standbys {
                        guard try await standby.status("/readiness") == 200,
                            try await standby.status("/liveness") == 200
                        else { return false }
                    }
                    return true
                }
                let list = try JSONValue(parsing: try await before.standbys[0].get("/failsafe").text)
                #expect(list.objectValue?.keys.sorted() == cluster.members.map(\.name))
                for member in cluster.members {
                    #expect(try await member.get("/patroni").text.contains(#""failsafe_mode_is_active": true"#))
                    #expect(try await member.get("/metrics").text.contains("patroni_failsafe_mode_is_active{"))
                    try await member.expectRefusals(in: cluster)
                }
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name)
            #expect(after.timeline == before.timeline)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
            #expect(before.leader.postmaster == postmaster)
            try await writer.more(20)
            await writer.stop()
            #expect(await writer.failures == [])
            for standby in before.standbys { #expect(!standby.hasSaid("racing for the leader lock")) }
            try await eventually(within: .seconds(15), "failsafe is over") {
                try await before.leader.get("/patroni").text.contains("failsafe_mode_is_active") == false
            }
        }
    }

    @Test func `a cluster paused before works on without the API server, also when a member answers late, each time`()
        async throws
    {
        try await withFailsafe { cluster, before, writer in
            func pause(_ isPaused: Bool) async throws {
                var configuration = Self.fast
                configuration["pause"] = .bool(isPaused)
                try await cluster.annotate(.configuration, ["config": .string(configuration.serialized())])
                for member in cluster.members {
                    try await eventually(within: .seconds(15), "\(member.name) knows") {
                        (try await cluster.memberStatus(member)["pause"]?.boolValue ?? false) == isPaused
                    }
                }
            }
            try await pause(true)
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            let postmasters = cluster.members.map(\.postmaster)
            let way = try await cluster.lateWay(to: before.standbys[0])
            try await withoutAPIServer(cluster) {
                try await eventually(within: Self.ttl, "the leader says why it stays") {
                    before.leader.hasSaid(Self.stays)
                }
                // Each way, and less than `retry_timeout` both together.
                way.change { $0.latency = .milliseconds(1100) }
                let requests = way.requests
                try await holds(for: Self.ttl + .seconds(3), "everybody is as before") {
                    let status = try await before.leader.status("/primary")
                    return status == 200 && cluster.members.map(\.postmaster) == postmasters
                }
                // Its consent is asked for by this way, once in a `loop_wait` or so.
                #expect(way.requests - requests >= 2)
                let transport = HTTPTransport()
                defer { transport.shutdown() }
                let asked = ContinuousClock.now
                let question = HTTPRequest(method: .get, url: "http://127.0.0.1:\(way.port)/patroni")
                #expect(try await transport.send(question, deadline: .seconds(6)).status == 200)
                #expect(ContinuousClock.now - asked > .seconds(2))
            }
            try await cluster.healthy()
            try await pause(false)
            try await writer.more(20)
            let after = try await cluster.healthy()
            await writer.stop()
            #expect(after.leader.name == before.leader.name && after.timeline == before.timeline)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
            #expect(cluster.members.map(\.postmaster) == postmasters)
            #expect(await writer.failures == [])
        }
    }

    @Test func `a leader that loses a member while the API server is away stops in time`() async throws {
        try await withFailsafe { cluster, before, writer in
            try await withoutAPIServer(cluster) {
                try await eventually(within: Self.ttl, "the leader stays by consent") {
                    before.leader.hasSaid(Self.stays)
                }
                try await before.standbys[1].destroy()
                let lost = ContinuousClock.now
                try await eventually(
                    within: Self.ttl, "nothing of PostgreSQL is left",
                    {
                        before.leader.postgresProcesses
                    }
                ) { $0.isEmpty }
                // The other member promised not before it was last asked, and for a whole ttl.
                let last = try #require(await writer.acknowledged.last)
                #expect(last.at - lost < .seconds(10))
                #expect(before.leader.hasSaid("failsafe: not every member agrees"))
            }
            let after = try await cluster.healthy(of: 2)
            // What is acknowledged while the rows are read would count as lost.
            await writer.stop()
            if after.leader.name == before.leader.name { #expect(try await writer.lost(on: after.leader) == []) }
            try before.standbys[1].start()
            try await cluster.healthy()
        }
    }

    @Test func `without failsafe a leader that cannot reach the API server stops before its lock runs out`()
        async throws
    {
        var configuration = Self.fast
        configuration["failsafe_mode"] = false
        try await withFailsafe(configuration: configuration) { cluster, before, writer in
            #expect(try await cluster.lock()["failsafe"] == nil)
            #expect(try await before.leader.status("/failsafe") == 502)
            let stopped = ContinuousClock.now
            try await withoutAPIServer(cluster) {
                try await eventually(
                    within: .seconds(20), "nothing of PostgreSQL is left",
                    {
                        before.leader.postgresProcesses
                    }
                ) { $0.isEmpty }
                let last = try #require(await writer.acknowledged.last)
                // Stopping the API server itself takes a part of it, in which renewals still succeed.
                #expect(last.at - stopped < .seconds(20))
                #expect(!before.leader.hasSaid(Self.stays))
            }
            try await cluster.healthy()
        }
    }

    @Test func `a leader that comes back to an API server where another holds the lock stops at once`() async throws {
        try await withForcedLeader { link, leader in
            link.change { $0.isRefusing = false }
            let restored = ContinuousClock.now
            try await eventually(within: .seconds(5), "nothing of PostgreSQL is left as a primary") {
                leader.postmaster == nil || leader.hasSaid(Self.demotes)
            }
            return restored
        }
    }

    @Test func `a leader that is still cut off learns from a member that another holds the lock`() async throws {
        try await withForcedLeader { link, leader in
            let forced = ContinuousClock.now
            // The next round is due within loop_wait.
            try await eventually(within: .seconds(5), "nothing of PostgreSQL is left as a primary") {
                leader.postmaster == nil || leader.hasSaid(Self.demotes)
            }
            #expect(leader.hasSaid("has seen a later holder of the lock"))
            link.change { $0.isRefusing = false }
            return forced
        }
    }

    private static let demotes = "demoting self because I do not have the lock"

    /// A leader that stays by consent is cut off alone, and somebody forces another one.
    ///
    /// - Parameter stops: returns when the leader had to begin to stop.
    private func withForcedLeader(
        _ stops: (LinkProxy, MemberProcess) async throws -> ContinuousClock.Instant
    ) async throws {
        var link: LinkProxy?
        try await withFailsafe(environment: { cluster in
            let (made, kubeconfig) = try cluster.ownLink()
            link = made
            return ["KUBECONFIG": kubeconfig]
        }) { cluster, before, writer in
            let link = try #require(link)
            let (leader, heir) = (before.leader, before.standbys[0])
            #expect(leader.name == cluster.members[0].name)
            link.change { $0.isRefusing = true }
            // Only the leader is cut off: the members see its lock run out, and leave it alone.
            try await eventually(within: Self.ttl, "the leader stays by consent") { leader.hasSaid(Self.stays) }
            try await holds(for: Self.ttl + .seconds(2), "the lock is the leader's still") {
                try await cluster.lock()["leader"] == leader.name
            }
            try await writer.more(20)
            // Somebody forces another leader, whom nobody had asked.
            let epoch = try #require(try await cluster.lock()["matriarch.dev/epoch"].flatMap { Int64($0) })
            let forced: JSONValue = [
                "leader": .string(heir.name), "matriarch.dev/epoch": .string("\(epoch + 1)"),
                "matriarch.dev/holder": .string(
                    #"{"member":"\#(heir.name)","uid":"\#(heir.podUID)","nonce":"forced"}"#),
                "renewTime": "forced", "failsafe": nil, "matriarch.dev/failsafe-pods": nil,
            ]
            try await cluster.annotate(.lock, forced)
            let began = try await stops(link, leader)
            let last = try #require(await writer.acknowledged.last)
            #expect(last.at - began < .seconds(3))
            let after = try await cluster.healthy()
            #expect(after.leader.name != leader.name)
        }
    }

    @Test func `an API server that comes and goes demotes nobody`() async throws {
        try await withFailsafe { cluster, before, writer in
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            let postmaster = before.leader.postmaster
            for _ in 0..<4 {
                try await cluster.controlPlane.stopAPIServer()
                try await holds(for: .seconds(2), "the leader goes on") { before.leader.postmaster == postmaster }
                try await cluster.controlPlane.startAPIServer()
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name && after.timeline == before.timeline)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == epoch)
            try await writer.more(20)
            await writer.stop()
            #expect(await writer.failures == [])
        }
    }
}

extension MemberCluster {
    /// A way to a member's agent that everybody takes from now on: it is what the member publishes.
    ///
    /// The leader's list has it, too.
    fileprivate func lateWay(to member: MemberProcess) async throws -> LinkProxy {
        let way = try LinkProxy(upstream: member.apiPort, content: .http)
        let url = "http://127.0.0.1:\(way.port)/patroni"
        try await eventually(within: .seconds(20), "the leader asks \(member.name) by it") {
            // The member writes over it with whatever it publishes next.
            var status = try await memberStatus(member)
            if status["api_url"]?.stringValue != url {
                status["api_url"] = .string(url)
                let text = JSONValue.string(status.serialized())
                _ = try await client.mergePatchRaw(
                    Pod.resource, name: member.name, namespace: namespace,
                    body: ["metadata": ["annotations": ["status": text]]])
            }
            return try await lock()["failsafe"]?.contains("127.0.0.1:\(way.port)") == true
        }
        return way
    }

    /// A way to the API server for one member alone, and the kubeconfig that leads there.
    fileprivate func ownLink() throws -> (LinkProxy, String) {
        let port = try #require(controlPlane.server.split(separator: ":").last.flatMap { UInt16($0) })
        let link = try LinkProxy(upstream: port)
        let path = "\(folder)/kubeconfig-\(link.port)"
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        fputs(
            """
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: test, namespace: \(namespace)}}]
            clusters:
            - name: test
              cluster: {server: "https://127.0.0.1:\(link.port)", certificate-authority: "\(controlPlane.authorityPath)"}
            users: [{name: test, user: {token: \(controlPlane.adminToken)}}]

            """, file)
        return (link, path)
    }
}

extension MemberProcess {
    func get(_ path: String) async throws -> (status: Int, text: String) {
        try await send(HTTPRequest(method: .get, url: "http://127.0.0.1:\(apiPort)\(path)"))
    }

    fileprivate func status(_ path: String) async throws -> Int { try await get(path).status }

    private func send(_ request: HTTPRequest) async throws -> (status: Int, text: String) {
        let transport = HTTPTransport()
        defer { transport.shutdown() }
        let response = try await transport.send(request, deadline: .seconds(3))
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    /// Requests nobody may be moved by, each refused.
    fileprivate func expectRefusals(in cluster: MemberCluster) async throws {
        let twin: JSONValue = [
            "cluster": .string(MemberCluster.name), "namespace": .string(cluster.namespace), "uid": "twin",
            "nonce": "n", "epoch": 1, "ttl_ms": 10_000, "member": .string(name), "member_uid": .string(podUID),
        ]
        var stranger = twin
        stranger["cluster"] = "another"
        let bodies: [(JSONValue, [Int])] = [
            (["name": "demo-9", "matriarch": twin], [409, 500]), (["name": "demo-9"], [409, 500]),
            (["name": "demo-9", "matriarch": stranger], [400]), (["nobody": 1], [400]), ("text", [400]),
        ]
        let transport = HTTPTransport()
        defer { transport.shutdown() }
        let prover = PeerProver(transport: transport, keys: cluster.keys, clock: BootClock())
        for (body, statuses) in bodies {
            let unproven = try await send(
                HTTPRequest(
                    method: .post, url: "http://127.0.0.1:\(apiPort)/failsafe", body: Array(body.serialized().utf8)))
            #expect(unproven.status == 403, "\(body): \(unproven)")
            // Even a member moves nobody by it.
            let answer = try #require(
                try await prover.send(
                    .post, .failsafe, body: body.serialized(), beside: "http://127.0.0.1:\(apiPort)/patroni",
                    within: .seconds(3)))
            #expect(statuses.contains(answer.status), "\(body): \(answer)")
        }
    }
}
