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

    @Test func `where the time of the last failover went is told when it was the last change`() throws {
        func lines(timeline: Int64) throws -> [Substring] {
            let overview = try overview {
                var status = Self.healthy()
                status.lastFailover = FailoverStatus(
                    from: "demo-1", to: "demo-0", timeline: timeline, at: Self.time, reason: "PrimaryLost",
                    phases: PhasesStatus(
                        silenceMillis: 30_000, electionMillis: 250, promotionMillis: 1500, firstWriteMillis: 4,
                        totalMillis: 31_754))
                $0.status = status
                $0.leader[StoreKey.timeline] = "3"
            }
            return screen(overview).split(separator: "\n")
        }
        #expect(
            try lines(timeline: 3).contains(
                "Time taken:    31.754 s: silence 30 s, election 0.25 s, promotion 1.5 s, first write 0.004 s"))
        #expect(try !lines(timeline: 2).contains { $0.hasPrefix("Time taken") }, "another change came after it")
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
                Self.condition(.rolesReady, .false, "RolesFailing", "alice: owns something"),
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
            "  demo-0 does not renew the lock: docs/runbooks/primary-unavailable.md\n",
            "  the spec is not carried out: kubectl edit -n shop postgrescluster demo\n",
            "  automatic actions are off: matriarch resume demo\n",
            "  MemberNeedsAttention: docs/runbooks/degraded.md\n",
            "  the last failover may have lost commits: docs/runbooks/data-loss.md\n",
            "  too few standbys confirm commits: docs/runbooks/synchronous-replication.md\n",
            "  the image has another major version: docs/runbooks/major-version-change.md\n",
            "  declared roles are not as declared: kubectl get -n shop postgrescluster demo -o jsonpath='{.status.roles}'\n",
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
        for (holder, leader, why) in [
            (nil, "none", "nobody leads"),
            ("demo-7", "demo-7 holds the lock and has no Pod", "demo-7 holds the lock and has no Pod"),
        ] as [(String?, String, String)] {
            let text = try screen(overview { $0.leader["leader"] = holder })
            #expect(text.contains("Leader:        \(leader)"))
            #expect(text.hasSuffix("What to do next:\n  \(why): docs/runbooks/primary-unavailable.md"), "\(text)")
        }
        let alone = try overview { ($0.hasResource, $0.spec, $0.status) = (false, nil, nil) }
        #expect(screen(alone).contains("State:         no resource: no operator looks after it\n"))
        let new = try overview { $0.status = nil }
        #expect(screen(new).contains("State:         the operator has not said anything yet\n"))
    }

    @Test func `a primary the operator knows nothing of is told with the page on it`() throws {
        let steps = try overview {
            $0.status?.conditions = [Self.condition(.primaryAvailable, .false, "NoPrimary", "Nobody accepts writes")]
        }.nextSteps
        #expect(steps == [NextStep(why: "no primary is known to accept writes", what: Self.page)])
    }

    private static let page = "docs/runbooks/primary-unavailable.md"

    @Test func `what is amiss is told although the operator said last that all is well`() throws {
        let dead = try overview { $0.silent = ["demo-0"] }
        #expect(dead.nextSteps == [NextStep(why: "demo-0, which leads, does not answer", what: Self.page)])
        #expect(
            screen(dead).contains(
                "State:         ready, as the operator said: demo-0 leads on timeline 3; 3 of 3 members are ready; but demo-0, which leads, does not answer\n"
            ))
        // As --watch sees it, without an operator.
        var unrenewed = try overview()
        for index in unrenewed.listing.members.indices where unrenewed.listing.members[index].role.leads {
            unrenewed.listing.members[index].lockUnrenewedSince = "2026-11-21T01:00:00Z"
        }
        #expect(unrenewed.nextSteps == [NextStep(why: "demo-0 does not renew the lock", what: Self.page)])
        let replica = try overview { $0.silent = ["demo-2"] }
        #expect(replica.nextSteps == [NextStep(why: "demo-2 does not answer", what: "matriarch logs demo demo-2")])
        let alone = try overview { ($0.hasResource, $0.spec, $0.status, $0.silent) = (false, nil, nil, ["demo-0"]) }
        #expect(alone.nextSteps.map(\.what) == [Self.page])
    }

    @Test func `a spec the operator has not seen yet does not count as carried out`() throws {
        func steps(observed: Int64, of generation: Int64) throws -> [String] {
            try overview {
                $0.generation = generation
                $0.status?.observedGeneration = observed
            }.nextSteps.map(\.why)
        }
        #expect(try steps(observed: 2, of: 3) == ["the operator has not seen the last change of the spec"])
        #expect(try steps(observed: 3, of: 3) == [])
    }

    @Test func `a resource that may not be read is not called absent`() throws {
        let forbidden = try overview {
            ($0.hasResource, $0.spec, $0.status, $0.isResourceForbidden) = (false, nil, nil, true)
        }
        #expect(
            screen(forbidden).contains(
                "State:         the resource may not be read: what the operator says is not known\n"))
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
        // The server has names that nobody bears then.
        #expect(
            try state(#"{"synchronous_mode":"on","synchronous_mode_strict":true}"#, ["leader": "demo-0"])
                == "on, strict, 1 wanted: NO STANDBY, every commit waits until there is one")
        #expect(
            try state(#"{"synchronous_mode":"on"}"#, ["leader": "demo-0"])
                == "on, 1 wanted: no standby, commits wait for nobody now")
        #expect(try state(#"{"synchronous_mode":"on"}"#, [:]) == "on, 1 wanted: not in force yet")
        #expect(
            try state(#"{}"#, ["leader": "demo-0", "sync_standby": "demo-1"])
                == "being turned off: commits may still wait for demo-1")
    }

    @Test func `programs get the same, without what there is not`() throws {
        let json = try JSONValue(parsing: OverviewRenderer(overview: overview()).rendered(.json))
        #expect(json["ready"] == true && json["leader"] == "demo-0" && json["conditions"] == [] && json["seen"] == [])
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
