import Fence
import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `three members started together without an API server wait, say so, and form one cluster`() async throws
    {
        try await withThree { cluster, _ in
            for member in cluster.members {
                #expect(member.hasSaid("cannot list"))
                #expect(member.exitStatus == nil)
            }
            #expect(cluster.members.count { $0.hasSaid("initialized a new cluster") } == 1)
            let health = try await Health(of: cluster)
            #expect(health.systemIdentifiers.count == 1)
            let recorded = try await cluster.annotations(.configuration)["initialize"]
            #expect(recorded.map { [$0] } == Array(health.systemIdentifiers))
        }
    }

    @Test func `a single member leads alone, and again after everything of it was killed`() async throws {
        try await with(1) { cluster in
            let member = cluster.members[0]
            try member.start()
            let before = try await cluster.healthy()
            try await RowWriter.prepare(on: member)
            try await member.query("INSERT INTO written VALUES (1)")
            let epoch = try await cluster.lock()["matriarch.dev/epoch"]
            try await member.destroy()
            let restarted = ContinuousClock.now
            try member.start()
            let after = try await cluster.healthy()
            // The lock is an earlier life's: nobody has to wait for it to run out.
            #expect(ContinuousClock.now - restarted < .seconds(6))
            #expect(after.timeline == before.timeline)
            #expect(try await member.query("SELECT count(*) FROM written").scalar == "1")
            #expect(try await cluster.lock()["matriarch.dev/epoch"] != epoch)
            #expect(try await cluster.lock()["transitions"] == "1")
        }
    }

    /// A Pod that was deleted by force leaves a container behind that no API shows: here this process stands for it.
    @Test func `a member whose volume another container works on touches nothing, says so and begins when it is free`()
        async throws
    {
        try await with(2) { cluster in
            let (first, second) = (cluster.members[0], cluster.members[1])
            try first.start()
            try second.start()
            try await cluster.healthy()
            try await second.destroy()
            let before = try second.dataListing()
            let stranger = try #require(VolumeHold(opening: second.dataDirectory))
            #expect(stranger.claim() == .held)
            try second.start()
            try await eventually(within: .seconds(20), "the refusal is in the log", { second.log() }) { lines in
                lines.contains {
                    $0["level"]?.stringValue == "critical"
                        && $0.serialized().contains("another container still works on its volume")
                }
            }
            // Not its data, not its settings, no promise: what is there is the other one's.
            try await holds(for: .seconds(3), "no server and no tool runs on its data") {
                second.postgresProcesses.isEmpty
            }
            #expect(try second.dataListing() == before)
            close(stranger.descriptor)
            try await cluster.healthy()
            let late = try #require(VolumeHold(opening: second.dataDirectory))
            defer { close(late.descriptor) }
            #expect(late.claim() == .heldByAnother)
        }
    }

    @Test func `a member with the data of another cluster is refused, and two members fail over`() async throws {
        try await with(2, lockObject: "Endpoints") { cluster in
            let (first, second) = (cluster.members[0], cluster.members[1])
            try first.start()
            try await cluster.healthy(of: 1)
            try second.createForeignData()
            let before = try second.dataListing()
            try second.start()
            try await eventually(within: .seconds(20), "the refusal is in the log", { second.log() }) { lines in
                lines.contains {
                    $0["level"]?.stringValue == "critical" && $0.serialized().contains("system ID mismatch")
                }
            }
            // Both identifiers, and where the data are.
            let recorded = try #require(try await cluster.annotations(.configuration)["initialize"])
            let problem = try await eventually("it says so in the store, too") {
                try await cluster.problem(of: second)
            } until: {
                $0?.contains("belongs to a different cluster: \(recorded) != ") == true
            }
            #expect(problem?.hasSuffix("its data directory is left untouched: \(second.dataDirectory)") == true)
            // Nor is anything written beside them.
            #expect(access("\(second.dataDirectory).probe", F_OK) != 0)
            #expect(second.postgresProcesses.isEmpty)
            try await second.destroy()
            #expect(try second.dataListing() == before)
            #expect(try await first.query("SELECT count(*) FROM pg_stat_replication").scalar == "0")

            // An empty directory instead, and it joins.
            try second.removeData()
            try second.start()
            let healthy = try await cluster.healthy()
            #expect(healthy.leader.name == first.name)
            try await eventually("clients are led to \(first.name)", { try await cluster.routedPort() }) {
                $0 == Int(first.port)
            }
            try await first.destroy()
            let after = try await cluster.healthy(of: 1)
            #expect(after.leader.name == second.name)
            #expect(after.timeline == healthy.timeline + 1)
            // Not before the promotion; the renewal after it says where.
            try await eventually("clients are led to \(second.name)", { try await cluster.routedPort() }) {
                $0 == Int(second.port)
            }
        }
    }

    @Test func `a bootstrap that fails on one member is another one's, and the first becomes its replica`() async throws
    {
        try await with(2) { cluster in
            let (first, second) = (cluster.members[0], cluster.members[1])
            let variables = try first.replaceProgram(
                "initdb",
                by: """
                    # A proof of settings makes data of its own.
                    case "$*" in *"\(first.dataDirectory).proof"*) exec "$program" "$@" ;; esac
                    mkdir -p \(first.dataDirectory)/base
                    touch \(first.dataDirectory)/begun
                    echo 'initdb: error: no room for it' >&2
                    exit 1
                    """)
            try first.start(environment: variables)
            try await eventually(within: .seconds(20), "the first one says why there is no cluster") {
                try await cluster.problem(of: first)
            } until: {
                $0?.contains("no new cluster is made: ") == true && $0?.contains("no room for it") == true
            }
            try await eventually(within: .seconds(10), "its claim is given up") {
                try await cluster.annotations(.configuration)["initialize"]
            } until: {
                $0 == nil
            }
            try second.start()
            let healthy = try await cluster.healthy()
            #expect(healthy.leader.name == second.name && healthy.timeline == 1)
            #expect(second.hasSaid("initialized a new cluster") && !first.hasSaid("initialized a new cluster"))
            let identifier = try await second.query("SELECT system_identifier FROM pg_control_system()").scalar
            #expect(try await cluster.annotations(.configuration)["initialize"] == identifier)
            try await eventually("nothing is wrong with the first one any more") {
                try await cluster.problem(of: first) == nil
            }
            // What its initdb began is nobody's data: it is not mixed with the copy, and not kept.
            #expect(access("\(first.dataDirectory)/begun", F_OK) != 0)
            #expect(first.keptData("initdb") == [])
        }
    }

    @Test func `a copy that fails again and again is told in the program's words, and succeeds when it can`()
        async throws
    {
        try await with(2) { cluster in
            let (first, second) = (cluster.members[0], cluster.members[1])
            try first.start()
            try await cluster.healthy(of: 1)
            // A leader is healthy a turn before its roles are made.
            try await eventually("the role of copies is made") {
                try await first.query("SELECT count(*) FROM pg_roles WHERE rolname = 'replicator'").scalar
            } until: {
                $0 == "1"
            }
            try await first.query("ALTER ROLE replicator NOLOGIN")
            try second.start()
            try await eventually(within: .seconds(60), "it says why it has no data") {
                try await cluster.problem(of: second)
            } until: {
                $0?.hasPrefix("no copy is made of \(first.name): pg_basebackup") == true
                    && $0?.contains("is not permitted to log in") == true
            }
            try await first.query("ALTER ROLE replicator LOGIN")
            try await cluster.healthy()
            try await eventually(within: .seconds(10), "nothing is wrong with it any more") {
                try await cluster.problem(of: second) == nil
            }
        }
    }

    @Test func `a cluster that lost every volume makes no empty one`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            try await cluster.healthy()
            let identifier = try await cluster.annotations(.configuration)["initialize"]
            for member in cluster.members {
                try await member.destroy()
                try member.removeData()
            }
            for member in cluster.members { try member.start() }
            for member in cluster.members {
                try await eventually(within: .seconds(30), "\(member.name) waits, and says that it has nothing") {
                    try await cluster.status(of: member)
                } until: {
                    $0?["role"] == "uninitialized" && $0?["state"] == "stopped" && $0?["problem"] == nil
                        && member.hasSaid("waiting for leader to bootstrap")
                }
                #expect(member.postgresProcesses.isEmpty)
            }
            #expect(try await cluster.annotations(.configuration)["initialize"] == identifier)
        }
    }

    @Test func `data that a rewind left incomplete are not told as an empty volume`() async throws {
        try await with(1) { cluster in
            let member = cluster.members[0]
            try member.start()
            try await cluster.healthy()
            try await member.destroy()
            let marker = open("\(member.dataDirectory).incomplete", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
            try #require(marker >= 0)
            #expect(write(marker, "pg_rewind", 9) == 9)
            close(marker)
            try member.start()
            try await eventually(within: .seconds(30), "it says what keeps it") {
                try await cluster.problem(of: member)
            } until: {
                $0 == "waiting for a leader: pg_rewind has left the data incomplete"
            }
            #expect(member.postgresProcesses.isEmpty)
        }
    }

    @Test func `missing programs are named in one line and end the member with status 78`() async throws {
        try await with(1) { cluster in
            let member = cluster.members[0]
            try member.start(environment: ["MATRIARCH_POSTGRES_BIN": "/nowhere/bin:/nor/here"])
            try await eventually(within: .seconds(20), "init ends", { member.exitStatus }) { $0 != nil }
            #expect(member.exitStatus == 78)
            let lines = member.log().filter { $0.serialized().contains("/nowhere/bin") }
            #expect(lines.count == 1)
            let line = try #require(lines.first?.serialized())
            #expect(line.contains("postgres") && line.contains("/nor/here"))
            #expect(!member.hasSaid("starting again"))
        }
    }
}

extension MemberCluster {
    /// What the member says is wrong with it.
    func problem(of member: MemberProcess) async throws -> String? {
        try await status(of: member)?["problem"]?.stringValue
    }

    /// What the member says of itself; nil before it has.
    fileprivate func status(of member: MemberProcess) async throws -> JSONValue? {
        let pod = try await client.get(Pod.self, name: member.name, namespace: namespace)
        return try pod.metadata.annotations?["status"].map { try JSONValue(parsing: $0) }
    }

    /// Where the Endpoints lock leads clients to.
    fileprivate func routedPort() async throws -> Int? {
        let object = try await client.getRaw(resource, name: Self.name, namespace: namespace)
        return object["subsets"]?[0]?["ports"]?[0]?["port"]?.intValue
    }
}
