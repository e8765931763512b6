import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// A cluster that follows another one: site B follows site A, both of real agents and real PostgreSQL.
extension MemberTests {
    @Test
    func
        `a standby cluster is copied from the remote server, streams, fails over without a promotion, and is promoted`()
        async throws
    {
        try await with(1) { siteA in
            for member in siteA.members { try member.start() }
            let remote = try await siteA.healthy().leader
            try await RowWriter.prepare(on: remote)
            let section = Self.section(of: remote)
            try await with(2, configuration: Self.configuration.adding("standby_cluster", section)) { siteB in
                try siteB.writeBootstrap(["standby": true])
                for member in siteB.members { try member.start() }
                let first = try await siteB.standbyLeader(of: 2)
                #expect(siteB.members.count { $0.hasSaid("copied the remote server") } == 1)
                #expect(!siteB.members.contains { $0.hasSaid("initialized a new cluster") })
                try await remote.query("INSERT INTO written VALUES (1)")
                for member in siteB.members { try await member.sees(rows: 1) }
                #expect(
                    try await remote.query("SELECT active FROM pg_replication_slots WHERE slot_name = 'site_b'").scalar
                        == "t")
                await #expect(throws: PostgresError.self) {
                    try await first.leader.query("INSERT INTO written VALUES (0)")
                }

                // Its leader dies: the other one takes its place, in recovery.
                try await first.leader.destroy()
                let second = try await siteB.standbyLeader(of: 1)
                #expect(second.leader.name != first.leader.name)
                #expect(second.leader.hasSaid("promoted self to a standby leader by acquiring session lock"))
                try await remote.query("INSERT INTO written VALUES (2)")
                try await second.leader.sees(rows: 2)
                try first.leader.start()
                try await siteB.standbyLeader(of: 2)
                #expect(try await siteB.lock()["matriarch.dev/timeline"] ?? "1" == "1")
                for member in siteB.members { #expect(!member.hasSaid(#""message":"promoted""#)) }

                // Without the section it is a cluster like any other.
                try await siteB.configure(Self.configuration)
                let promoted = try await siteB.healthy()
                #expect(promoted.leader.name == second.leader.name)
                #expect(promoted.timeline == 2)
                try await promoted.leader.query("INSERT INTO written VALUES (3)")
                for member in siteB.members { try await member.sees(rows: 3) }
                #expect(try await remote.query("SELECT count(*) FROM written").scalar == "2")
                try await eventually(
                    within: .seconds(10), "the history says what led to it",
                    { try await siteB.annotations(.configuration)["matriarch.dev/history-kinds"] }
                ) { $0?.hasSuffix(#""\#(promoted.leader.name)","standby promotion"]]"#) == true }
                // Fenced again, as every primary is.
                #expect(try await siteB.lock()["leader"] == promoted.leader.name)
                // While paused it stays a primary, and has no answer to wait for.
                try await siteB.configure(
                    Self.configuration.adding("standby_cluster", section).adding("pause", true))
                try await eventually(within: .seconds(15), "it knows that it is paused") {
                    try await siteB.memberStatus(promoted.leader)["pause"] == true
                }
                try await holds(for: .seconds(7), "it says nothing of the remote server") {
                    let status = try await siteB.memberStatus(promoted.leader)
                    return status["pause"] == true && !status.serialized().contains("standby cluster")
                }
            }
        }
    }

    @Test
    func
        `a standby cluster hands over inside itself without a stop, and follows a remote server through its promotion`()
        async throws
    {
        try await with(2) { siteA in
            for member in siteA.members { try member.start() }
            let before = try await siteA.healthy()
            try await RowWriter.prepare(on: before.leader)
            let section = Self.section(of: before.leader)
            try await with(2, configuration: Self.configuration.adding("standby_cluster", section)) { siteB in
                for member in siteB.members { try member.start() }
                let first = try await siteB.standbyLeader(of: 2)
                let postmasters = siteB.members.map(\.postmaster)
                try await siteB.annotate(
                    .failover, ["leader": .string(first.leader.name), "member": .string(first.standbys[0].name)])
                try await eventually(within: .seconds(20), "the lock is the candidate's") {
                    try await siteB.lock()["leader"] == first.standbys[0].name
                }
                let second = try await siteB.standbyLeader(of: 2)
                #expect(second.leader.name == first.standbys[0].name)
                #expect(siteB.members.map(\.postmaster) == postmasters)

                // Site A fails over; site B is told of the new primary, and reaches its timeline.
                try await before.leader.destroy()
                let after = try await siteA.healthy(of: 1)
                #expect(after.timeline == 2)
                try await siteB.configure(
                    Self.configuration.adding("standby_cluster", Self.section(of: after.leader)))
                try await after.leader.query("INSERT INTO written VALUES (1)")
                for member in siteB.members { try await member.sees(rows: 1) }
                let third = try await siteB.standbyLeader(of: 2)
                #expect(third.leader.name == second.leader.name)
                try await eventually(within: .seconds(20), "site B is on timeline 2") {
                    try await siteB.lock()["matriarch.dev/timeline"] == "2"
                }
            }
        }
    }

    @Test func `a remote server that does not answer holds nothing else up`() async throws {
        let silent = try ScriptedServer.silent()
        try await with(1) { cluster in
            let member = cluster.members[0]
            try member.start()
            try await cluster.healthy()
            let wanted = Self.configuration.adding(
                "standby_cluster", ["host": "127.0.0.1", "port": .int(Int64(silent.port))])
            try await cluster.configure(wanted)
            // The second question: what the first one had to wait for is over.
            try await eventually(within: .seconds(20), "it is asked again", { silent.connections }) { $0 >= 2 }
            let offset = member.logEnd
            var settings = wanted
            // What the agent decides itself, and has proven by no start of another server.
            settings["synchronous_mode"] = "on"
            try await cluster.configure(settings)
            // It has two seconds to answer.
            try await eventually(within: .milliseconds(1200), "the settings are read") {
                member.hasSaid("the settings have changed; reloaded", since: offset)
            }
            #expect(member.hasSaid("not demoting to a standby cluster: the remote server"))
            try await cluster.configure(Self.configuration)
            try await cluster.healthy()
        }
    }

    @Test func `two sites swap their roles: nothing is lost, and the old primary needs no copy`() async throws {
        try await with(2) { siteA in
            for member in siteA.members { try member.start() }
            let before = try await siteA.healthy()
            try await RowWriter.prepare(on: before.leader)
            let section = Self.section(of: before.leader)
            try await with(1, configuration: Self.configuration.adding("standby_cluster", section)) { siteB in
                for member in siteB.members { try member.start() }
                let there = try await siteB.standbyLeader(of: 1).leader
                try await before.leader.query("INSERT INTO written VALUES (1)")

                // A name nobody answers to takes no writes down.
                try await siteA.configure(
                    Self.configuration.adding("standby_cluster", ["host": "127.0.0.1", "port": 1]))
                try await eventually(within: .seconds(20), "the refusal is said") {
                    before.leader.hasSaid("not demoting to a standby cluster")
                }
                try await before.leader.query("INSERT INTO written VALUES (2)")

                // Site A stands down first: it waits for what site B will do.
                try await siteA.configure(Self.configuration.adding("standby_cluster", Self.section(of: there)))
                let demoted = try await siteA.standbyLeader(of: 2, streaming: false)
                #expect(demoted.leader.name == before.leader.name)
                try await siteB.configure(Self.configuration)
                let promoted = try await siteB.healthy()
                #expect(promoted.leader.name == there.name)
                try await there.sees(rows: 2)
                try await there.query("INSERT INTO written VALUES (3)")
                try await siteA.standbyLeader(of: 2)
                for member in siteA.members {
                    try await member.sees(rows: 3)
                    #expect(!member.hasSaid("the old data directory is kept"))
                }
            }
        }
    }

    @Test
    func `a primary that has left the remote server's course is rewound when its cluster becomes a standby cluster`()
        async throws
    {
        try await with(1) { siteA in
            for member in siteA.members { try member.start() }
            let remote = try await siteA.healthy().leader
            try await RowWriter.prepare(on: remote)
            let section = Self.section(of: remote)
            try await with(2, configuration: Self.configuration.adding("standby_cluster", section)) { siteB in
                for member in siteB.members { try member.start() }
                try await siteB.standbyLeader(of: 2)
                // Both write: the sites have parted.
                try await siteB.configure(Self.configuration)
                let parted = try await siteB.healthy().leader
                try await parted.query("INSERT INTO written VALUES (13)")
                try await remote.query("INSERT INTO written VALUES (1)")

                try await siteB.configure(Self.configuration.adding("standby_cluster", section))
                try await siteB.standbyLeader(of: 2, within: .seconds(90))
                for member in siteB.members { try await member.sees(rows: 1) }
                #expect(parted.hasSaid("is left behind"))
                try await remote.query("INSERT INTO written VALUES (2)")
                for member in siteB.members { try await member.sees(rows: 2) }
            }
        }
    }

    fileprivate static func section(of remote: MemberProcess) -> JSONValue {
        ["host": .string(remote.address), "port": .int(Int64(remote.port)), "primary_slot_name": "site_b"]
    }
}

extension JSONValue {
    fileprivate func adding(_ key: String, _ value: JSONValue) -> JSONValue {
        var copy = self
        copy[key] = value
        return copy
    }
}

extension MemberCluster {
    /// Writes the dynamic configuration as the operator does.
    fileprivate func configure(_ configuration: JSONValue) async throws {
        try await annotate(.configuration, ["config": .string(configuration.serialized())])
    }

    private static let found = "found "

    /// The standby leader, once it says so in its status, holds the lock, and every running member streams.
    ///
    /// - Parameter streaming: the leader receives, too.
    @discardableResult
    fileprivate func standbyLeader(
        of count: Int, streaming: Bool = true, within limit: Duration = .seconds(60)
    ) async throws -> StandbyLeadership {
        let leader = try await eventually(
            within: limit, "a standby leader and \(count - 1) standbys that stream",
            { () async throws -> String in
                let health = try await Health(of: self)
                guard let name = health.leader else { return "nobody: \(health)" }
                let pod = try await client.getRaw(Pod.resource, name: name, namespace: namespace, deadline: .seconds(3))
                let status = pod.value(at: "metadata", "annotations", "status")?.stringValue ?? ""
                let label = pod.value(at: "metadata", "labels", "role")?.stringValue
                var roles = health.roles
                if !streaming, roles[name] == "standby" { roles[name] = "streaming" }
                guard status.contains(#""role":"standby_leader""#), label == "primary", roles.count == count,
                    roles.values.allSatisfy({ $0 == "streaming" })
                else { return "not yet: \(health), \(status)" }
                return Self.found + name
            }, until: { $0.hasPrefix(Self.found) })
        let name = String(leader.dropFirst(Self.found.count))
        guard let process = member(name) else { throw PostgresError(.unexpectedAnswer, "no member \(name)") }
        return StandbyLeadership(
            leader: process, standbys: members.filter { $0.name != name && $0.isRunning })
    }
}

/// Who leads a standby cluster.
private struct StandbyLeadership {
    let leader: MemberProcess
    let standbys: [MemberProcess]
}

extension MemberProcess {
    fileprivate func sees(rows: Int) async throws {
        try await eventually(
            within: .seconds(30), "\(name) has \(rows) rows",
            { try await query("SELECT count(*) FROM written").scalar }, until: { $0 == "\(rows)" })
    }
}
