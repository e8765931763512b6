import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// HAProxy before real members: as people have it for Patroni, and as `matriarch haproxy` prints it.
extension MemberTests {
    @Test func `HAProxy follows a switchover and a killed leader, and writes through it go on`() async throws {
        try await withThree { cluster, before in
            let candidate = try #require(before.standbys.last)
            let ports = try FreePorts.take(4)
            try await Self.withBalancers(
                [
                    ("patroni", Self.patroniConfiguration(of: cluster, listen: ports[0], statistics: ports[1])),
                    ("own", try await Self.printedConfiguration(of: cluster, primary: ports[2], replicas: ports[3])),
                ], before: cluster
            ) { balancers in
                let (patroni, own) = (
                    Balanced(balancers[0], "batman", cluster), Balanced(balancers[1], "primary", cluster)
                )
                for balanced in [patroni, own] { try await balanced.leads(to: [before.leader]) }
                let calm = own.changes.count

                let planned = [
                    cluster.writer(through: ports[0], firstNumber: 1),
                    cluster.writer(through: ports[2], firstNumber: 1_000_000),
                ]
                try await RowWriter.prepare(on: before.leader)
                for writer in planned { await writer.start() }
                for writer in planned { try await writer.more(20) { $0 == before.leader.name } }
                try await cluster.annotate(
                    .failover, ["leader": .string(before.leader.name), "member": .string(candidate.name)])
                for writer in planned { try await writer.more(20, within: .seconds(30)) { $0 == candidate.name } }
                for writer in planned { await writer.stop() }
                for balanced in [patroni, own] { try await balanced.leads(to: [candidate]) }
                for writer in planned { #expect(try await writer.lost(on: candidate) == []) }

                try await cluster.healthy()
                let unplanned = [
                    cluster.writer(through: ports[0], firstNumber: 2_000_000),
                    cluster.writer(through: ports[2], firstNumber: 3_000_000),
                ]
                for writer in unplanned { await writer.start() }
                for writer in unplanned { try await writer.more(20) { $0 == candidate.name } }
                try await candidate.destroy()
                let after = try await cluster.healthy(of: 2)
                for writer in unplanned {
                    try await writer.more(20, within: .seconds(30)) { $0 == after.leader.name }
                }
                for writer in unplanned { await writer.stop() }
                for balanced in [patroni, own] { try await balanced.leads(to: [after.leader]) }

                // Patroni's numbers let the next one in before the former is out; those that are printed never do.
                let seen = own.changes.dropFirst(calm - 1)
                #expect(seen.count > 4 && seen.allSatisfy { $0.count <= 1 }, "\(Array(seen))")
            }
            try candidate.start()
            try await cluster.healthy()
        }
    }

    @Test func `balancer, command line and REST agree on who is what, also when a replica is not to be read from`()
        async throws
    {
        try await withThree { cluster, before in
            let ports = try FreePorts.take(2)
            let (kept, taken) = (before.standbys[0], before.standbys[1])
            try await Self.withBalancers(
                [("own", try await Self.printedConfiguration(of: cluster, primary: ports[0], replicas: ports[1]))],
                before: cluster
            ) { balancers in
                func agreed(_ expected: Roles) async throws {
                    try await eventually(
                        within: .seconds(20), "all say \(expected)",
                        { try await Views(of: cluster, balancer: balancers[0]) }
                    ) { $0.complete.allSatisfy { $0 == expected } && $0.balancer == Served(expected) }
                }
                let all = Set(before.standbys.map(\.name))
                try await agreed(Roles(leader: [before.leader.name], replicas: all, readable: all))

                // One at each: the next goes to whom has fewer.
                var sessions: [String: PostgresConnection] = [:]
                for _ in 0..<2 {
                    let session = try await cluster.open(through: ports[1])
                    let port = try await session.query("SELECT inet_server_port()", deadline: .seconds(5)).scalar
                    let member = try #require(cluster.members.first { String($0.port) == port })
                    sessions[member.name] = session
                }
                #expect(Set(sessions.keys) == all)
                let postmaster = taken.postmaster
                try cluster.writeTags([taken.name: ["noloadbalance": true]])
                try await agreed(Roles(leader: [before.leader.name], replicas: all, readable: [kept.name]))
                // It is HAProxy that has ended it: the server goes on.
                let (ended, open) = (try #require(sessions[taken.name]), try #require(sessions[kept.name]))
                await #expect(throws: PostgresError.self) {
                    try await ended.query("SELECT 1", deadline: .seconds(5))
                }
                #expect(try await open.query("SELECT 1", deadline: .seconds(5)).scalar == "1")
                #expect(taken.postmaster == postmaster)
                try cluster.writeTags([:])
                try await agreed(Roles(leader: [before.leader.name], replicas: all, readable: all))
                for session in sessions.values { await session.close() }
            }
        }
    }

    // MARK: HAProxy

    /// As Patroni's own `haproxy.cfg` has it, with these addresses and ports.
    private static func patroniConfiguration(
        of cluster: MemberCluster, listen: UInt16, statistics: UInt16
    ) -> String {
        let servers = cluster.members.map {
            "    server \($0.name) 127.0.0.1:\($0.port) maxconn 100 check port \($0.apiPort)\n"
        }
        return """
            global
                maxconn 100

            defaults
                log global
                mode tcp
                retries 2
                timeout client 30m
                timeout connect 4s
                timeout server 30m
                timeout check 5s

            listen stats
                mode http
                bind *:\(statistics)
                stats enable
                stats uri /

            listen batman
                bind *:\(listen)
                option httpchk
                http-check expect status 200
                default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions
            \(servers.joined())
            """
    }

    /// What the command prints of these members.
    private static func printedConfiguration(
        of cluster: MemberCluster, primary: UInt16, replicas: UInt16
    ) async throws -> String {
        let outcome = try await BuiltProgram.run(
            [
                "haproxy", MemberCluster.name, "--addresses", "--bind", "127.0.0.1", "--primary-port", "\(primary)",
                "--replica-port", "\(replicas)", "--stats-port", "0",
            ], environment: ["KUBECONFIG": "\(cluster.folder)/kubeconfig"])
        try #require(outcome.status == 0 && outcome.error == "", "\(outcome)")
        return outcome.output
    }

    private static func withBalancers(
        _ configurations: [(name: String, text: String)], before cluster: MemberCluster,
        _ body: ([BalancerProcess]) async throws -> Void
    ) async throws {
        var balancers: [BalancerProcess] = []
        do {
            for (name, text) in configurations {
                balancers.append(try BalancerProcess(text, name: "haproxy-\(name)", before: cluster))
            }
            try await body(balancers)
        } catch {
            for balancer in balancers {
                print(balancer.log)
                try await balancer.stop()
            }
            throw error
        }
        for balancer in balancers { try await balancer.stop() }
    }
}

/// One proxy of a balancer.
private struct Balanced {
    let balancer: BalancerProcess
    let proxy: String
    let members: Set<String>

    init(_ balancer: BalancerProcess, _ proxy: String, _ cluster: MemberCluster) {
        (self.balancer, self.proxy) = (balancer, proxy)
        members = Set(cluster.members.map(\.name))
    }

    /// Who was up, from its start on.
    var changes: [Set<String>] { balancer.serversUp(in: proxy, of: members) }

    func leads(to wanted: [MemberProcess]) async throws {
        let names = Set(wanted.map(\.name))
        try await eventually(within: .seconds(30), "\(proxy) leads to \(names)", { changes.last ?? [] }) {
            $0 == names && balancer.isRunning
        }
    }
}

/// Who is what, by names of members.
private struct Roles: Hashable {
    var leader: Set<String>
    var replicas: Set<String>
    /// Replicas that are to be read from.
    var readable: Set<String>
}

/// What a balancer knows of that.
private struct Served: Hashable {
    var leader: Set<String>
    var readable: Set<String>
}

extension Served {
    init(_ roles: Roles) { self.init(leader: roles.leader, readable: roles.readable) }
}

/// The same question, asked in each place.
private struct Views: CustomStringConvertible {
    var balancer: Served
    var commandLine: Roles
    var patronictl: Roles
    /// By the codes of each member's health checks.
    var checks: Roles
    /// By the documents of each member.
    var documents: [Roles]

    var complete: [Roles] { [commandLine, patronictl, checks] + documents }

    var description: String {
        "balancer \(balancer); command line \(commandLine); patronictl \(patronictl); checks \(checks); documents \(documents)"
    }

    init(of cluster: MemberCluster, balancer: BalancerProcess) async throws {
        let names = Set(cluster.members.map(\.name))
        let listed = try await BuiltProgram.run(
            ["list", MemberCluster.name, "-o", "json"], environment: ["KUBECONFIG": "\(cluster.folder)/kubeconfig"])
        commandLine = Roles(
            try JSONValue(parsing: listed.output).arrayValue ?? [], name: "Member", role: "Role", tags: "Tags",
            leader: "Leader", replica: "Replica")
        let control = try await PatroniControl(cluster).run("list", MemberCluster.name, "-f", "json")
        patronictl = Roles(
            try JSONValue(parsing: control.output).arrayValue ?? [], name: "Member", role: "Role", tags: "Tags",
            leader: "Leader", replica: "Replica")
        var found = Roles(leader: [], replicas: [], readable: [])
        var documents: [Roles] = []
        for member in cluster.members {
            if try await member.get("/primary").status == 200 { found.leader.insert(member.name) }
            if try await member.get("/replica").status == 200 { found.readable.insert(member.name) }
            let own = try JSONValue(parsing: try await member.get("/patroni").text)
            if own["role"] == "replica" { found.replicas.insert(member.name) }
            let document = try JSONValue(parsing: try await member.get("/cluster").text)
            documents.append(
                Roles(
                    document["members"]?.arrayValue ?? [], name: "name", role: "role", tags: "tags", leader: "leader",
                    replica: "replica"))
        }
        checks = found
        self.documents = documents
        self.balancer = Served(
            leader: balancer.serversUp(in: "primary", of: names).last ?? [],
            readable: balancer.serversUp(in: "replicas", of: names).last ?? [])
    }
}

extension Roles {
    /// - Parameter members: objects with these keys and words.
    init(_ members: [JSONValue], name: String, role: String, tags: String, leader: String, replica: String) {
        func named(_ isWanted: (JSONValue) -> Bool) -> Set<String> {
            Set(members.filter(isWanted).compactMap { $0[name]?.stringValue })
        }
        self.init(
            leader: named { $0[role]?.stringValue == leader }, replicas: named { $0[role]?.stringValue == replica },
            readable: named { $0[role]?.stringValue == replica && $0[tags]?["noloadbalance"] != true })
    }
}

extension MemberCluster {
    fileprivate func writer(through port: UInt16, firstNumber: Int) -> RowWriter {
        RowWriter(through: port, to: members, passwordFile: passwordFile, firstNumber: firstNumber)
    }

    fileprivate func open(through port: UInt16) async throws -> PostgresConnection {
        try await PostgresConnection.open(
            ConnectionParameters(
                address: .host("127.0.0.1"), port: Int(port), user: "postgres", passwordFile: passwordFile,
                applicationName: "test"), deadline: .seconds(5))
    }
}
