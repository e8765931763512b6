import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// patronictl, unmodified, on the store of real members.
extension MemberTests {
    @Test func `patronictl shows members, tree, versions, configuration and servers as they are`() async throws {
        try await withThree { cluster, before in
            let control = try PatroniControl(cluster)
            let names = cluster.members.map(\.name).sorted()
            let rows = try await eventually(
                within: .seconds(20), "everybody streams", { try await control.rows("list", "demo", "-f", "json") }
            ) { rows in
                rows.count == 3
                    && rows.allSatisfy { $0["State"] == ($0["Role"] == "Leader" ? "running" : "streaming") }
            }
            #expect(rows.compactMap { $0["Member"]?.stringValue }.sorted() == names)
            for row in rows {
                let isLeader = row["Member"]?.stringValue == before.leader.name
                #expect(row["Cluster"] == "demo" && row["TL"]?.intValue == before.timeline, "\(row)")
                #expect(row["Role"] == (isLeader ? "Leader" : "Replica"), "\(row)")
                let member = try #require(row["Member"]?.stringValue.flatMap { cluster.member($0) })
                #expect(row["Host"]?.stringValue?.hasSuffix(":\(member.port)") == true, "\(row)")
            }
            let identifier = try await before.leader.query("SELECT system_identifier FROM pg_control_system()").scalar
            #expect(try await control.said("list", "demo").contains("Cluster: demo (\(identifier ?? "none"))"))

            let tree = try await control.said("topology", "demo").split(separator: "\n").compactMap {
                $0.hasPrefix("| ") ? $0.split(separator: "|").first.map { String($0) } : nil
            }
            let standbys = before.standbys.map { " + \($0.name) " }.sorted()
            #expect(tree.dropFirst().first?.trimmed == before.leader.name)
            #expect(tree.dropFirst(2).sorted() == standbys, "\(tree)")

            let server = try await before.leader.query("SHOW server_version").scalar?.split(separator: " ").first
            let versions = try await control.said("version", "demo").split(separator: "\n")
            for name in names {
                #expect(
                    versions.contains {
                        $0.hasPrefix("\(name): Patroni ") && $0.hasSuffix("PostgreSQL \(server ?? "")")
                    })
            }

            let shown = try await control.said("show-config", "demo").split(separator: "\n")
            for line in ["ttl: 6", "loop_wait: 1", "    max_connections: 30", "    shared_buffers: 16MB"] {
                #expect(shown.contains { $0 == line }, "\(line) in \(shown)")
            }

            #expect(try await control.said("dsn", "demo").hasSuffix(" port=\(before.leader.port)\n"))
            let asked = try await control.said(
                "query", "demo", "-U", "postgres", "-d", "postgres", "-c", "SELECT inet_server_port()", "--format",
                "tsv")
            #expect(asked.split(separator: "\n").last == "\(before.leader.port)", "\(asked)")
        }
    }

    @Test func `what patronictl edits in the store the members carry out, and it shows what came of it`() async throws {
        try await withThree { cluster, before in
            let control = try PatroniControl(cluster)
            let former = try #require(try await cluster.annotations(.configuration)["config"])
            #expect(
                try await control.said(
                    "edit-config", "demo", "-p", "work_mem=5MB", "-p", "max_connections=31", "--force"
                )
                .hasSuffix("Configuration changed\n"))
            try await eventually(within: .seconds(20), "every server has it") {
                for member in cluster.members {
                    guard try await member.query("SHOW work_mem").scalar == "5MB" else { return false }
                }
                return true
            }
            try await eventually(
                within: .seconds(20), "it shows who waits for a restart",
                { try await control.rows("list", "demo", "-f", "json") }
            ) { rows in
                rows.count { $0["Pending restart"] == "*" && $0["Pending restart reason"] == "max_connections: 30->31" }
                    == 3
            }

            #expect(
                try await control.said("edit-config", "demo", "-s", "pause=true", "--force")
                    .hasSuffix("Configuration changed\n"))
            try await eventually(within: .seconds(20), "every member has seen it") {
                for member in cluster.members {
                    guard try await cluster.status(of: member.name).contains(#""pause":true"#) else { return false }
                }
                return true
            }
            #expect(try await control.said("list", "demo").contains(" Maintenance mode: on"))
            #expect(
                try await control.said("edit-config", "demo", "-s", "pause=null", "--force")
                    .hasSuffix("Configuration changed\n"))
            #expect(try await !control.said("list", "demo").contains("Maintenance mode"))

            // As a file that takes the place of all of it.
            let replaced = try await control.run("edit-config", "demo", "--replace", "-", "--force", input: former)
            #expect(replaced.status == 0 && replaced.output.hasSuffix("Configuration changed\n"), "\(replaced)")
            let after = try await cluster.annotations(.configuration)["config"].map { try JSONValue(parsing: $0) }
            #expect(after == (try JSONValue(parsing: former)))
            try await eventually(within: .seconds(20), "nobody waits any more") {
                try await control.rows("list", "demo", "-f", "json").allSatisfy { $0["Pending restart"] == nil }
            }
            #expect(try await control.said("edit-config", "demo", "-s", "ttl=6", "--force") == "Not changed\n")
        }
    }

    @Test
    func `from a desk without a way to the members patronictl switches over, fails over and calls off by the store`()
        async throws
    {
        try await withThree { cluster, before in
            let control = try PatroniControl(cluster)
            let (first, second) = (before.standbys[0], before.standbys[1])
            let planned = try await control.run(
                "switchover", "demo", "--leader", before.leader.name, "--candidate", first.name, "--force", from: .desk)
            #expect(planned.status == 0, "\(planned)")
            #expect(
                planned.output.contains("Could not switchover using Patroni api, falling back to DCS"), "\(planned)")
            let switched = try await self.healthy(cluster, led: first)
            #expect(switched.timeline == before.timeline + 1)

            // In an hour, and called off.
            let scheduled = try await control.run(
                "switchover", "demo", "--leader", first.name, "--candidate", second.name, "--scheduled",
                "\((Timestamp.now() + .seconds(3600)).description)", "--force", from: .desk)
            #expect(scheduled.status == 0, "\(scheduled)")
            try await eventually(
                within: .seconds(10), "it shows it", { try await control.said("list", "demo") }
            ) { $0.contains(" Switchover scheduled at: ") && $0.contains("to: \(second.name)") }
            let flushed = try await control.run("flush", "demo", "switchover", "--force", from: .desk)
            #expect(flushed.status == 0, "\(flushed)")
            #expect(try await cluster.annotations(.failover)["scheduled_at"] == nil)
            #expect(try await !control.said("list", "demo").contains("Switchover scheduled"))
            #expect(try await control.said("flush", "demo", "switchover") == "No pending scheduled switchover\n")

            let forced = try await control.run(
                "failover", "demo", "--candidate", second.name, "--force", from: .desk)
            #expect(forced.status == 0, "\(forced)")
            let after = try await self.healthy(cluster, led: second)
            #expect(after.timeline == switched.timeline + 1)

            // Both read it in one place.
            let history = try await control.rows("history", "demo", "-f", "json")
            let own = try await BuiltProgram.run(
                ["history", "demo", "-o", "json"], environment: ["KUBECONFIG": "\(cluster.folder)/kubeconfig"])
            let changes = try #require(JSONValue(parsing: own.output).arrayValue)
            #expect(changes.suffix(2).map { $0["Kind"]?.stringValue } == ["switchover", "forced failover"])
            // The kind is ours alone.
            let shared = changes.map { change in
                var columns = change
                columns["Kind"] = nil
                return columns
            }
            #expect(history == shared)
            #expect(history.suffix(2).map { $0["New Leader"]?.stringValue } == [first.name, second.name])
            #expect(history.suffix(2).map { $0["TL"]?.intValue } == [before.timeline, switched.timeline])
        }
    }

    @Test func `what patronictl asks of members by a write over REST is refused in words, and nothing happens`()
        async throws
    {
        try await withThree { cluster, before in
            let control = try PatroniControl(cluster)
            let (leader, standby) = (before.leader.name, before.standbys[0].name)
            let postmasters = cluster.members.map(\.postmaster)
            let configuration = try await cluster.annotations(.configuration)
            let refusal = "this interface is read-only; change the PostgresCluster resource"
            let refusals: [([String], String)] = [
                (["pause", "demo"], "Failed: pause cluster management status code=501, (\(refusal)"),
                (
                    ["restart", "demo", standby, "--force"],
                    "Failed: restart for member \(standby), status code=501, (\(refusal)"
                ),
                (
                    ["reload", "demo", standby, "--force"],
                    "Failed: reload for member \(standby), status code=501, (\(refusal)"
                ),
                (
                    ["reinit", "demo", standby, "--force"],
                    "Failed: reinitialize for member \(standby), status code=501, (\(refusal)"
                ),
                (
                    ["switchover", "demo", "--leader", leader, "--candidate", standby, "--force"],
                    "Switchover failed, details: 501, \(refusal)"
                ),
                (["failover", "demo", "--candidate", standby, "--force"], "Failover failed, details: 501, \(refusal)"),
            ]
            for (arguments, words) in refusals {
                let outcome = try await control.run(arguments)
                #expect(outcome.output.contains(words), "\(arguments): \(outcome)")
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == leader && after.timeline == before.timeline)
            #expect(cluster.members.map(\.postmaster) == postmasters)
            #expect(try await cluster.annotations(.configuration) == configuration)
            #expect(try await cluster.annotations(.failover)["member"] == nil)
        }
    }

    private func healthy(_ cluster: MemberCluster, led leader: MemberProcess) async throws -> Leadership {
        try await eventually(within: .seconds(30), "\(leader.name) leads") {
            try await cluster.lock()["leader"] == leader.name
        }
        return try await cluster.healthy()
    }
}

extension PatroniControl {
    /// What it says, of a run without a fault.
    fileprivate func said(_ arguments: String...) async throws -> String {
        let outcome = try await run(arguments)
        try #require(outcome.status == 0, "\(arguments): \(outcome)")
        return outcome.output
    }

    /// Of a table in JSON.
    fileprivate func rows(_ arguments: String...) async throws -> [JSONValue] {
        let outcome = try await run(arguments)
        try #require(outcome.status == 0, "\(arguments): \(outcome)")
        return try JSONValue(parsing: outcome.output).arrayValue ?? []
    }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " }.prefix { $0 != " " }) }
}
