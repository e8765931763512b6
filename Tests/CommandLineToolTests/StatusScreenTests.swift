import ArgumentParser
import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import Testing

@testable import CommandLineTool

/// `matriarch status`: one screen, and true.
@Suite struct StatusScreenTests {
    private typealias Fixture = ListingFixture

    private static let time = Timestamp("2026-11-21T01:00:00Z") ?? Timestamp(secondsSince1970: 0)

    private static func condition(
        _ kind: Condition.Kind, _ status: Condition.Status, _ reason: String, _ message: String
    ) -> Condition {
        Condition(
            type: kind, status: status, reason: reason, message: message, lastTransitionTime: time,
            observedGeneration: 1)
    }

    private static func healthy() -> PostgresClusterStatus {
        var status = PostgresClusterStatus()
        status.primary = "demo-0"
        status.postgresVersion = "15.18"
        status.conditions = [
            condition(.ready, .true, "Healthy", "demo-0 leads on timeline 3; 3 of 3 members are ready"),
            condition(.primaryAvailable, .true, "PrimaryRunning", "demo-0 accepts writes on timeline 3"),
            condition(.degraded, .false, "Sound", "Nothing is missing"),
            condition(.paused, .false, "Active", "Automatic actions are on"),
        ]
        return status
    }

    private func overview(_ change: (inout StoreRecords) throws -> Void = { _ in }) throws -> ClusterOverview {
        var records = Fixture.records
        records.leader["acquireTime"] = "2026-11-21T00:55:22+00:00"
        records.leader["renewTime"] = "2026-11-21T01:00:00+00:00"
        records.leader["ttl"] = "20"
        records.configuration["history"] =
            #"[[2,83886176,"no recovery target specified","2026-11-21T00:55:23+00:00","demo-0"]]"#
        records.hasResource = true
        records.spec = try Fixture.spec()
        records.status = Self.healthy()
        try change(&records)
        return ClusterOverview(records, namespace: "shop", name: "demo")
    }

    private func screen(_ overview: ClusterOverview) -> String {
        OverviewRenderer(overview: overview).rendered(.pretty)
    }

    @Test func `a healthy cluster is told in a few lines, and there is nothing to do`() throws {
        let text = try screen(overview())
        #expect(text.hasPrefix("+ Cluster: shop/demo (7412345678901234567) "))
        let rest = text.split(separator: "\n").drop { $0.hasPrefix("+") || $0.hasPrefix("|") }
        #expect(
            rest.joined(separator: "\n") == """
                State:         ready, demo-0 leads on timeline 3; 3 of 3 members are ready
                Leader:        demo-0 since 2026-11-21T00:55:22+00:00, lock renewed at 2026-11-21T01:00:00+00:00 by its clock, good for 20 s
                PostgreSQL:    15.18
                Image:         matriarch-postgres:15
                Synchronous:   off: no commit waits for a replica
                Last change:   to demo-0 at 2026-11-21T00:55:23+00:00, timeline 2 ended at 0/5000060
                What to do next:
                  nothing
                """)
    }

    @Test func `what is not as it should be is told with its message, and what to do about it`() throws {
        let overview = try overview {
            var status = Self.healthy()
            status.conditions = [
                Self.condition(.ready, .false, "MembersNotReady", "demo-2 is not ready"),
                Self.condition(.primaryAvailable, .false, "NoPrimary", "Nobody leads"),
                Self.condition(.configurationValid, .false, "Invalid", "spec.highAvailability.ttl: 1: is too small"),
                Self.condition(.degraded, .true, "MemberNeedsAttention", "demo-2: no space"),
                Self.condition(.paused, .true, "Paused", "Automatic actions are off"),
                Self.condition(.dataLossPossible, .true, "DataLost", "3 commits are lost"),
                Self.condition(.synchronousReplication, .false, "NoStandby", "Commits wait"),
                Self.condition(.majorVersionChange, .true, "OtherMajor", "17 is not 15"),
            ]
            status.unready = [
                UnreadyStatus(name: "demo-2", since: Self.time, reason: .obstacle, message: "cannot be scheduled")
            ]
            status.members = [MemberStatus(name: "demo-1", problem: "data of another cluster")]
            status.switchover = SwitchoverStatus(
                request: "h", phase: .inProgress, reason: "Handing", message: "demo-0 hands over to demo-1")
            status.restart = RestartStatus(request: "h", phase: .succeeded, reason: "Completed")
            status.primary = "demo-0"
            status.lockNotRenewedSince = Self.time
            $0.status = status
            $0.leader["leader"] = "demo-0"
        }
        let text = screen(overview)
        for line in [
            "NOT RENEWED since 2026-11-21T01:00:00Z as the operator sees it",
            "Not as it should be:\n  Ready=False MembersNotReady: demo-2 is not ready\n",
            "  ConfigurationValid=False Invalid: spec.highAvailability.ttl: 1: is too small\n",
            "Members:\n  demo-2 not ready since 2026-11-21T01:00:00Z: cannot be scheduled\n  demo-1 data of another cluster\n",
            "Under way:\n  switchover InProgress: demo-0 hands over to demo-1\n",
            "  no primary is known to accept writes: docs/runbooks/primary-unavailable.md\n",
            "  the spec is not carried out: matriarch edit-config demo\n",
            "  automatic actions are off: matriarch resume demo\n",
            "  MemberNeedsAttention: docs/runbooks/degraded.md\n",
            "  the last failover may have lost commits: docs/runbooks/data-loss.md\n",
            "  too few standbys confirm commits: docs/runbooks/synchronous-replication.md\n",
            "  the image has another major version: docs/runbooks/major-version-change.md\n",
            "  demo-2 needs a look: matriarch logs demo demo-2\n", "  demo-1 needs a look: matriarch logs demo demo-1",
        ] {
            #expect(text.contains(line), "\(line)")
        }
        #expect(!text.contains("restart Succeeded"))
    }

    @Test func `a restart that waits is offered`() throws {
        let steps = try overview {
            $0.pods = [
                Fixture.pod(
                    "demo-0", ip: nil, status: Fixture.status("10.0.0.7", "primary", more: ["pending_restart": true]))
            ]
        }.nextSteps
        #expect(steps.map(\.what) == ["matriarch restart demo --pending"])
    }

    @Test func `a cluster without a leader, without a resource or of which nothing was said yet says so`() throws {
        #expect(try screen(overview { $0.leader = [:] }).contains("Leader:        none\n"))
        #expect(
            try screen(overview { $0.leader["leader"] = "demo-7" })
                .contains("Leader:        demo-7 holds the lock and has no Pod\n"))
        let alone = try overview { ($0.hasResource, $0.spec, $0.status) = (false, nil, nil) }
        #expect(screen(alone).contains("State:         no resource: no operator looks after it\n"))
        let new = try overview { $0.status = nil }
        #expect(screen(new).contains("State:         the operator has not said anything yet\n"))
    }

    @Test func `how commits wait is told by what the store has`() throws {
        func state(_ config: String, _ synchronization: [String: String]) throws -> String {
            try overview {
                $0.configuration["config"] = config
                $0.synchronization = synchronization
            }.synchronousState
        }
        #expect(
            try state(
                #"{"synchronous_mode":"quorum","synchronous_node_count":2}"#,
                ["leader": "demo-0", "sync_standby": "demo-2,demo-1", "quorum": "1"])
                == "quorum, 2 wanted: demo-1, demo-2")
        #expect(
            try state(#"{"synchronous_mode":"on","synchronous_mode_strict":true}"#, [:])
                == "on, strict, 1 wanted: commits wait for nobody now")
    }

    @Test func `programs get the same, without what there is not`() throws {
        let json = try JSONValue(parsing: OverviewRenderer(overview: overview()).rendered(.json))
        #expect(json["ready"] == true && json["leader"] == "demo-0" && json["conditions"] == [])
        #expect(json["leaderSince"] == "2026-11-21T00:55:22+00:00" && json["next"] == [])
        #expect(json["lockNotRenewedSince"] == nil)
        #expect(
            try OverviewRenderer(overview: overview()).rendered(.tsv).split(separator: "\n").last
                == "Last change\tto demo-0 at 2026-11-21T00:55:23+00:00, timeline 2 ended at 0/5000060")
    }

    @Test(arguments: [[], ["demo", "other"], ["demo", "-o", "xml"], ["demo", "-w", "0"]])
    func `wrong use is refused before anything is asked`(arguments: [String]) async {
        await #expect(throws: (any Error).self) { try await StatusCommand.asyncParse(arguments) }
    }
}
