import ArgumentParser
import KubernetesModels
import PostgresClusterAPI
import Testing
import YAML

@testable import CommandLineTool

private typealias Fixture = ListingFixture

@Suite struct ListFormatTests {
    private func rendered(_ format: OutputFormat, showsNamespace: Bool = false) -> String {
        ListRenderer(format: format, showsNamespace: showsNamespace).rendered([Fixture.listing()])
    }

    @Test func `tab-separated values carry Patroni's names`() {
        #expect(
            rendered(.tsv) == """
                Cluster\tMember\tHost\tRole\tState\tTL\tReceive LSN\tReceive Lag\tReplay LSN\tReplay Lag
                demo\tdemo-0\t10.0.0.7\tLeader\trunning\t3\t\t\t\t
                demo\tdemo-1\t10.0.0.8\tReplica\tstreaming\t3\t0/5000000\t0\t0/5000000\t0
                demo\tdemo-2\t10.0.0.9\tReplica\tstreaming\t3\t0/4D00000\t3\t0/4D00000\t3
                """)
    }

    @Test func `JSON and YAML hold the same list, without empty values`() throws {
        let expected: JSONValue = [
            [
                "Namespace": "shop", "Cluster": "demo", "Member": "demo-0", "Host": "10.0.0.7", "Role": "Leader",
                "State": "running", "TL": 3,
            ],
            [
                "Namespace": "shop", "Cluster": "demo", "Member": "demo-1", "Host": "10.0.0.8", "Role": "Replica",
                "State": "streaming", "TL": 3, "Receive LSN": "0/5000000", "Receive Lag": 0,
                "Replay LSN": "0/5000000", "Replay Lag": 0,
            ],
            [
                "Namespace": "shop", "Cluster": "demo", "Member": "demo-2", "Host": "10.0.0.9", "Role": "Replica",
                "State": "streaming", "TL": 3, "Receive LSN": "0/4D00000", "Receive Lag": 3,
                "Replay LSN": "0/4D00000", "Replay Lag": 3,
            ],
        ]
        #expect(try JSONValue(parsing: rendered(.json, showsNamespace: true)) == expected)
        #expect(try YAML.parse(rendered(.yaml, showsNamespace: true)) == expected)
    }

    @Test func `the namespace stands in the title when several are shown`() {
        #expect(rendered(.pretty, showsNamespace: true).hasPrefix("+ Cluster: shop/demo (7412345678901234567) -"))
    }
}

@Suite struct CommandTests {
    private func status(_ phase: RequestPhase, outage: Int64? = nil, message: String? = nil)
        -> SwitchoverStatus
    {
        SwitchoverStatus(
            id: "x", request: "abc", phase: phase, from: "demo-0", to: "demo-1", outageMillis: outage,
            reason: phase == .succeeded ? "Completed" : "UnknownCandidate", message: message)
    }

    @Test func `a restart's end has a line for each member, and a failed one is an error with its reason`() throws {
        var status = RestartStatus(
            request: "abc", phase: .succeeded,
            members: [
                RestartStatus.Member(name: "demo-0", phase: .restarted),
                RestartStatus.Member(name: "demo-1", phase: .skipped, message: "No parameter waits for a restart"),
            ], reason: "Completed")
        let text = try RestartCommand.outcome(status, elapsed: .milliseconds(1500))
        #expect(text.contains("Success: restart on member demo-0\nSkipped: member demo-1, No parameter waits"))
        (status.phase, status.reason, status.message) = (.failed, "Failed", "demo-0: no memory")
        let error = try #require(throws: CommandError.self) {
            try RestartCommand.outcome(status, elapsed: .milliseconds(1500))
        }
        #expect(error.description.contains("restart failed: demo-0: no memory (Failed)"))
    }

    @Test
    func `a new copy's end, or its beginning, is told in Patroni's words, and a refusal is an error with its reason`()
        throws
    {
        var status = ReinitializeStatus(request: "h", phase: .succeeded, instance: "demo-2", reason: "Completed")
        #expect(
            try ReinitCommand.outcome(status, elapsed: .milliseconds(1500))
                == "Reinitialize is completed on: demo-2\nDone in 1.5 s")
        (status.phase, status.reason) = (.inProgress, "InProgress")
        #expect(
            try ReinitCommand.outcome(status, elapsed: .milliseconds(1500)) == "Success: reinitialize for member demo-2"
        )
        (status.phase, status.reason, status.message) = (.failed, "Refused", "demo-1 is being copied")
        let error = try #require(throws: CommandError.self) {
            try ReinitCommand.outcome(status, elapsed: .milliseconds(1500))
        }
        #expect(
            error.description == "Failed: reinitialize for member demo-2, demo-1 is being copied (Refused)")
    }

    @Test func `a new copy is asked for by name, with every field, and never for the leader`() async throws {
        let reinit = try await ReinitCommand.asyncParse(["demo", "demo-2", "--force"])
        #expect(reinit.block("i") == ["id": "i", "instance": "demo-2", "force": true, "timeout": 300])
        await #expect(throws: (any Error).self) { try await ReinitCommand.asyncParse(["demo"]) }
        await #expect(throws: (any Error).self) {
            try await ReinitCommand.asyncParse(["demo", "demo-2", "--timeout", "9"])
        }
    }

    @Test func `a switchover's end tells who leads and how long nobody could write`() throws {
        let text = try PrimaryChange.Kind.switchover.outcome(
            status(.succeeded, outage: 412), elapsed: .milliseconds(1_250))
        #expect(text == "Successfully switched over from demo-0 to demo-1 in 1.2 s, outage 412 ms")
    }

    @Test func `a failed switchover is an error with its reason`() throws {
        let error = try #require(throws: CommandError.self) {
            try PrimaryChange.Kind.switchover.outcome(
                status(.failed, message: "no member demo-7"), elapsed: .seconds(1))
        }
        #expect(error.description == "switchover failed: no member demo-7 (UnknownCandidate)")
    }

    @Test func `a failover that cost something says what`() throws {
        var status = status(.succeeded, message: "demo-1 took over from demo-0; data may be lost")
        status.reason = "CompletedAtLoss"
        #expect(
            try PrimaryChange.Kind.failover.outcome(status, elapsed: .seconds(2))
                == "Successfully failed over from demo-0 to demo-1 in 2.0 s\ndemo-1 took over from demo-0; data may be lost"
        )
    }

    @Test func `a request names every field, so that nothing of an earlier one stays`() async throws {
        let switchover = try await SwitchoverCommand.asyncParse(
            ["demo", "--leader", "demo-0", "--scheduled", "2026-11-21T04:00:00Z"])
        #expect(
            switchover.change.block(
                .switchover, id: "i", switchover.leader, switchover.candidate, notBefore: switchover.schedule.notBefore)
                == [
                    "id": "i", "leader": "demo-0", "candidate": .null, "mode": "planned",
                    "notBefore": "2026-11-21T04:00:00Z",
                    "timeout": 60,
                ])
        let failover = try await FailoverCommand.asyncParse(["demo", "--candidate", "demo-1", "--timeout", "90"])
        #expect(
            failover.change.block(.failover, id: "i", nil, failover.candidate)
                == [
                    "id": "i", "leader": .null, "candidate": "demo-1", "mode": "forced", "notBefore": .null,
                    "timeout": 90,
                ])
    }

    @Test(arguments: [["demo", "--scheduled", "tomorrow"], ["demo", "--timeout", "4"], []])
    func `a switchover that cannot be meant is refused before anything is asked`(arguments: [String]) async {
        await #expect(throws: (any Error).self) { try await SwitchoverCommand.asyncParse(arguments) }
    }

    @Test func `a failover to nobody is refused`() async {
        await #expect(throws: (any Error).self) { try await FailoverCommand.asyncParse(["demo"]) }
    }

    @Test func `waiting for a pause names the members that have not said so`() {
        let pods = [
            Fixture.pod("demo-2", ip: nil, status: nil), Fixture.pod("demo-1", ip: nil, status: ["pause": true]),
            Fixture.pod("demo-0", ip: nil, status: ["state": "running"]),
        ]
        #expect(PauseTarget.unaware(pods, isPaused: true) == ["demo-0", "demo-2"])
        #expect(PauseTarget.unaware(pods, isPaused: false) == ["demo-1", "demo-2"])
    }

    @Test func `versions are read from what members publish`() {
        let listing = Fixture.listing { $0.pods.append(Fixture.pod("demo-3", ip: nil, status: nil)) }
        #expect(
            listing.members.map(VersionCommand.line) == [
                "demo-0: Matriarch 0.1.0 PostgreSQL 15.18", "demo-1: Matriarch 0.1.0 PostgreSQL 15.18",
                "demo-2: Matriarch 0.1.0 PostgreSQL 15.18", "demo-3: version unknown, it has not published any",
            ])
    }

    @Test(arguments: [
        ["-w", "0"], ["-A", "demo"], ["-A", "-n", "shop"], ["-o", "xml"],
    ])
    func `options that make no sense are refused before anything is asked`(arguments: [String]) async {
        await #expect(throws: (any Error).self) { try await ListCommand.asyncParse(arguments) }
    }

    @Test func `the flags of kubectl and of Patroni both work`() async throws {
        let command = try await ListCommand.asyncParse([
            "demo", "-n", "shop", "--context", "lab", "-f", "tsv", "-e", "-t", "-w", "2",
        ])
        #expect(command.listed.clusters == ["demo"])
        #expect(command.listed.connection.namespace == "shop")
        #expect(command.output.format == .tsv)
        #expect(try await ListCommand.asyncParse(["-o", "json", "-W"]).output.format == .json)
    }
}
