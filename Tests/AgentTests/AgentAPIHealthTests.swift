import AgentAPI
import AgentShell
import HighAvailability
import Testing
import Units

private typealias Fixture = AgentAPIFixture

@Suite struct AgentAPIHealthTests {
    /// Every path that answers with a verdict.
    static let paths = [
        "/", "/primary", "/read-write", "/master", "/leader", "/standby-leader", "/standby_leader", "/replica",
        "/read-only", "/sync", "/synchronous", "/async", "/asynchronous", "/quorum", "/read-only-sync",
        "/read-only-quorum", "/health", "/liveness", "/readiness", "/patroni", "/nonsense",
    ]
    static let primaryPaths = ["/", "/primary", "/read-write", "/master", "/leader", "/read-only"]

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let member: MemberSnapshot
        /// The paths that answer 200; all others answer 503.
        let passing: [String]
    }

    static let rows: [Row] = [
        Row(
            testDescription: "primary with the lock", member: Fixture.member(.primary),
            passing: primaryPaths + [
                "/read-only-sync", "/read-only-quorum", "/health", "/liveness", "/readiness", "/patroni",
            ]),
        Row(
            testDescription: "standby leader", member: Fixture.member(.standbyLeader),
            passing: [
                "/leader", "/standby-leader", "/standby_leader", "/read-only", "/read-only-sync", "/read-only-quorum",
                "/health", "/liveness", "/readiness", "/patroni",
            ]),
        Row(
            testDescription: "standby leader whose lock ran out, and that streams on",
            member: Fixture.member(.standbyLeader) { $0.lockExpiry = Fixture.now },
            passing: ["/health", "/liveness", "/readiness", "/patroni"]),
        Row(
            testDescription: "primary whose lock ran out a moment ago",
            member: Fixture.member(.primary) { $0.lockExpiry = Fixture.now },
            passing: ["/health", "/liveness", "/patroni"]),
        Row(
            testDescription: "primary that never had the lock",
            member: Fixture.member(.primary) { $0.lockExpiry = nil },
            passing: ["/health", "/liveness", "/patroni"]),
        Row(
            testDescription: "primary under failsafe, store unseen for longer than ttl",
            member: Fixture.member(.primary) {
                $0.storeSeen = Fixture.now - .seconds(30)
                $0.isFailsafeActive = true
            },
            passing: primaryPaths + ["/health", "/liveness", "/readiness", "/patroni"]),
        Row(
            testDescription: "paused primary, store unseen, lock run out",
            member: Fixture.member(.primary) {
                $0.isPaused = true
                $0.storeSeen = nil
                $0.lockExpiry = nil
            },
            passing: primaryPaths + ["/health", "/liveness", "/patroni"]),
        Row(
            testDescription: "holder of the lock whose PostgreSQL starts",
            member: Fixture.member(.primary, .starting),
            passing: primaryPaths + ["/read-only-sync", "/read-only-quorum", "/liveness", "/readiness", "/patroni"]),
        Row(
            testDescription: "primary whose loop is stuck for longer than ttl",
            member: Fixture.member(.primary) { $0.nextLoop = Fixture.now - .seconds(21) },
            passing: primaryPaths + ["/read-only-sync", "/read-only-quorum", "/health", "/readiness", "/patroni"]),
        Row(
            testDescription: "streaming replica", member: Fixture.member(.replica),
            passing: [
                "/replica", "/read-only", "/async", "/asynchronous", "/health", "/liveness", "/readiness", "/patroni",
            ]),
        Row(
            testDescription: "replica that lags more than maximum_lag_on_failover",
            member: Fixture.member(.replica) { $0.replayed = LSN(rawValue: 0x400_0000 - 1) },
            passing: ["/replica", "/read-only", "/async", "/asynchronous", "/health", "/liveness", "/patroni"]),
        Row(
            testDescription: "replica that does not stream",
            member: Fixture.member(.replica) { $0.replicationState = "in archive recovery" },
            passing: ["/replica", "/read-only", "/async", "/asynchronous", "/health", "/liveness", "/patroni"]),
        Row(
            testDescription: "replica without a view of the store, that streams",
            member: Fixture.member(.replica) { $0.storeSeen = Fixture.now - .seconds(20) },
            passing: ["/replica", "/read-only", "/health", "/liveness", "/readiness", "/patroni"]),
        Row(
            testDescription: "replica kept out of load balancing",
            member: Fixture.member(.replica) { $0.tags = MemberTags(isExcludedFromLoadBalancing: true).values },
            passing: ["/health", "/liveness", "/readiness", "/patroni"]),
        Row(
            testDescription: "replica that streams from nobody, as its tag says",
            member: Fixture.member(.replica) {
                $0.tags = MemberTags(isExcludedFromLoadBalancing: true, streamsFromNobody: true).values
                $0.replicationState = nil
            },
            passing: ["/health", "/liveness", "/readiness", "/patroni"]),
        Row(
            testDescription: "synchronous standby",
            member: Fixture.member(.replica) { $0.isSynchronousStandby = true },
            passing: [
                "/replica", "/read-only", "/sync", "/synchronous", "/read-only-sync", "/health", "/liveness",
                "/readiness", "/patroni",
            ]),
        Row(
            testDescription: "quorum standby",
            member: Fixture.member(.replica) { $0.isQuorumStandby = true },
            passing: [
                "/replica", "/read-only", "/quorum", "/read-only-quorum", "/health", "/liveness", "/readiness",
                "/patroni",
            ]),
        Row(
            testDescription: "replica being created", member: Fixture.member(.replica, .creatingReplica),
            passing: ["/liveness", "/patroni"]),
        Row(
            testDescription: "stopped replica", member: Fixture.member(.replica, .stopped),
            passing: ["/liveness", "/patroni"]),
        Row(
            testDescription: "replica that runs but does not answer",
            member: Fixture.member(.replica) { $0.isAnswering = false },
            passing: ["/liveness", "/patroni"]),
        Row(
            testDescription: "replica whose loop is stuck for longer than twice ttl",
            member: Fixture.member(.replica) { $0.nextLoop = Fixture.now - .seconds(40) },
            passing: ["/replica", "/read-only", "/async", "/asynchronous", "/health", "/readiness", "/patroni"]),
    ]

    @Test(arguments: rows) func `each member answers 200 exactly where Patroni's would`(row: Row) async {
        let routes = Fixture.routes(row.member)
        for method in [StatusRequest.Method.get, .statusOnly] {
            var passing: [String] = []
            for path in Self.paths {
                let answer = await routes.respond(to: StatusRequest(method: method, path: path))
                #expect([200, 503].contains(answer.status), "\(path)")
                if answer.status == 200 { passing.append(path) }
            }
            #expect(Set(passing) == Set(row.passing))
        }
    }

    @Test(
        arguments: [
            ("/replica", ["lag": "1048576"], 200), ("/replica", ["lag": "1048575"], 503),
            ("/replica", ["lag": "1MB"], 200),
            ("/replica", ["lag": "1023kB"], 503), ("/replica", ["lag": "0"], 503), ("/replica", ["lag": "plenty"], 200),
            ("/read-only", ["lag": "10kB"], 503), ("/asynchronous", ["lag": "10kB"], 503),
            ("/readiness", [:], 200), ("/readiness", ["lag": "1kB"], 503),
            ("/readiness", ["lag": "1kB", "mode": "write"], 200),
            ("/replica", ["replication_state": "streaming"], 200),
            ("/replica", ["replication_state": "in archive recovery"], 503),
            ("/replica", ["tag_zone": "east"], 200), ("/replica", ["tag_zone": "west"], 503),
            ("/replica", ["tag_clonefrom": "true"], 200), ("/replica", ["tag_clonefrom": "True"], 503),
            ("/replica", ["tag_absent": "x"], 503), ("/health", ["tag_zone": "west"], 503),
        ] as [(String, [String: String], Int)])
    func `a query narrows what a replica 1 MiB behind answers`(path: String, query: [String: String], status: Int) async
    {
        let member = Fixture.member(.replica) {
            $0.replayed = LSN(rawValue: Fixture.leaderPosition.rawValue - 0x10_0000)
            $0.tags = ["zone": .string("east"), "clonefrom": .bool(true)]
        }
        let answer = await Fixture.routes(member).respond(to: StatusRequest(path: path, query: query))
        #expect(answer.status == status)
    }

    /// The leader publishes once a loop; WAL comes all the time.
    @Test(arguments: [("/replica", "1MB", 503), ("/replica", "1025kB", 200), ("/readiness", "1MB", 503)])
    func `a lag counts from what has come from the leader, too`(path: String, limit: String, status: Int) async {
        func answer(_ change: (inout MemberSnapshot) -> Void) async -> Int {
            let member = Fixture.member(.replica) {
                $0.received = LSN(rawValue: Fixture.leaderPosition.rawValue + 0x10_0400)
                change(&$0)
            }
            return await Fixture.routes(member).respond(to: StatusRequest(path: path, query: ["lag": limit])).status
        }
        #expect(await answer { _ in } == status)
        // From files it may be of a course the leader has left.
        #expect(await answer { $0.replicationState = nil } == (path == "/readiness" ? 503 : 200))
        #expect(await answer { $0.leaderPosition = nil } == status)
    }

    @Test(arguments: ["/", "/leader", "/primary"]) func `a leader is the leader whatever tags are asked for`(
        path: String
    )
        async
    {
        let routes = Fixture.routes(Fixture.member(.primary))
        let answer = await routes.respond(to: StatusRequest(path: path, query: ["tag_zone": "east", "lag": "0"]))
        #expect(answer.status == 200)
    }

    @Test(arguments: [
        ("/primary/anything", 200), ("/my-leader", 200), ("/healthz", 200), ("/replicas", 503), ("/patroni/x", 200),
    ])
    func `paths are recognised by what they contain, as old balancer configurations expect`(path: String, status: Int)
        async
    {
        let answer = await Fixture.routes(Fixture.member(.primary)).respond(to: StatusRequest(path: path))
        #expect(answer.status == status)
    }
}
