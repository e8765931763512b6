import KubernetesModels
import PostgresClusterAPI
import Testing

@testable import CommandLineTool

private typealias Fixture = ListingFixture

/// What `matriarch list` does not know, it does not show as if it were so.
@Suite struct ListTruthTests {
    private static let since = Timestamp(secondsSince1970: 1_800_000_000)

    private func rows(_ listing: ClusterListing) throws -> [JSONValue] {
        try JSONValue(parsing: ListRenderer(format: .json).rendered([listing])).arrayValue ?? []
    }

    @Test func `a member that does not answer is unknown, whatever it published last`() throws {
        let rows = try rows(Fixture.listing { $0.silent = ["demo-0", "demo-2"] })
        #expect(rows.map { $0["State"]?.stringValue } == ["unknown", "streaming", "unknown"])
        #expect(rows.map { $0["Role"]?.stringValue } == ["Leader", "Replica", "Replica"])
        #expect(rows[2]["Receive LSN"]?.stringValue == "unknown" && rows[2]["Receive Lag"] == nil)
        #expect(rows.allSatisfy { $0["Unknown since"] == nil })
    }

    @Test func `a leader on a lost node is unknown since its kubelet was heard of last`() {
        let listing = Fixture.listing {
            $0.pods[1].status?.conditions = [
                PodCondition(type: "Ready", status: "False", lastTransitionTime: Self.since),
                PodCondition(type: "ContainersReady", status: "True"),
            ]
        }
        #expect(
            ListRenderer(format: .pretty).rendered([listing]) == """
                + Cluster: demo (7412345678901234567) ----+----+-------------+-----+------------+-----+----------------------+
                | Member | Host     | Role    | State     | TL | Receive LSN | Lag | Replay LSN | Lag | Unknown since        |
                +--------+----------+---------+-----------+----+-------------+-----+------------+-----+----------------------+
                | demo-0 | 10.0.0.7 | Leader  | unknown   |  3 |             |     |            |     | 2027-01-15T08:00:00Z |
                | demo-1 | 10.0.0.8 | Replica | streaming |  3 |   0/5000000 |   0 |  0/5000000 |   0 |                      |
                | demo-2 | 10.0.0.9 | Replica | streaming |  3 |   0/4D00000 |   3 |  0/4D00000 |   3 |                      |
                +--------+----------+---------+-----------+----+-------------+-----+------------+-----+----------------------+
                """)
    }

    @Test func `a member that answers is heard, whatever Kubernetes knows of its node`() throws {
        let listing = Fixture.listing {
            $0.pods[1].status?.conditions = [
                PodCondition(type: "Ready", status: "False"), PodCondition(type: "ContainersReady", status: "True"),
            ]
            $0.live["demo-0"] = ["state": "running", "role": "primary", "xlog": ["location": 0x500_0000]]
        }
        #expect(try rows(listing).first?["State"]?.stringValue == "running")
    }

    @Test func `a member whose container has ended is unknown since then`() throws {
        let listing = Fixture.listing {
            $0.pods[2].status?.containerStatuses = [
                ContainerStatus(
                    name: "postgres", restartCount: 3,
                    state: ContainerState(waiting: ContainerStateWaiting(reason: "CrashLoopBackOff")),
                    lastState: ContainerState(
                        terminated: ContainerStateTerminated(exitCode: 1, finishedAt: Self.since)))
            ]
        }
        #expect(try rows(listing)[1]["State"]?.stringValue == "unknown")
        #expect(try rows(listing)[1]["Unknown since"]?.stringValue == "2027-01-15T08:00:00Z")
    }

    @Test func `a member that has never said anything has no state`() throws {
        let listing = Fixture.listing {
            $0.pods[0] = Fixture.pod("demo-2", ip: nil, status: nil)
            $0.silent = ["demo-2"]
        }
        #expect(try rows(listing)[2]["State"] == nil)
    }

    // MARK: The operator's word

    private func status(primary: String, unrenewed: Timestamp?) -> PostgresClusterStatus {
        var status = PostgresClusterStatus()
        status.primary = primary
        status.lockNotRenewedSince = unrenewed
        return status
    }

    @Test func `a lock the operator has not seen renewed is marked, unless another member holds it meanwhile`() throws {
        let marked = Fixture.listing { $0.status = status(primary: "demo-0", unrenewed: Self.since) }
        #expect(
            try rows(marked).map { $0["Lock"]?.stringValue } == ["not renewed since 2027-01-15T08:00:00Z", nil, nil])
        let passed = Fixture.listing { $0.status = status(primary: "demo-1", unrenewed: Self.since) }
        #expect(try rows(passed).allSatisfy { $0["Lock"] == nil })
    }

    private static let request = SwitchoverRequest(
        candidate: "demo-1", leader: "demo-0", notBefore: Timestamp("2099-01-01T04:00:00Z"))

    @Test(arguments: [RequestPhase.requested, .inProgress, .succeeded, .failed])
    func `a switchover in the resource is shown while it waits for its time`(_ phase: RequestPhase) throws {
        var spec = try Fixture.spec()
        spec.switchover = Self.request
        let listing = Fixture.listing {
            var status = status(primary: "demo-0", unrenewed: nil)
            status.switchover = SwitchoverStatus(
                request: Self.request.contentHash, phase: phase, reason: "Scheduled")
            $0.status = status
            $0.spec = spec
        }
        let text = ListRenderer(format: .pretty).rendered([listing])
        let footer = """
             Switchover scheduled at: 2099-01-01T04:00:00Z
                                from: demo-0
                                  to: demo-1
            """
        #expect(text.hasSuffix(footer) == (phase == .requested))
    }

    @Test func `another request than the one the operator tells of is not shown as scheduled`() throws {
        var spec = try Fixture.spec()
        spec.switchover = Self.request
        let listing = Fixture.listing {
            var status = status(primary: "demo-0", unrenewed: nil)
            status.switchover = SwitchoverStatus(request: "another", phase: .requested, reason: "Scheduled")
            $0.status = status
            $0.spec = spec
        }
        #expect(listing.scheduledSwitchover == nil)
    }

    // MARK: Two looks

    private func listing(_ renewal: String, leader: String = "demo-0", ttl: String? = "20") -> ClusterListing {
        Fixture.listing {
            $0.leader = ["leader": leader, "renewTime": renewal, "optime": "83886080"]
            $0.leader["ttl"] = ttl
        }
    }

    @Test func `a list that is repeated marks a lock that has not changed for longer than it is good`() {
        let start = ContinuousClock.now
        var looks = LockLooks<ContinuousClock.Instant>()
        func look(_ listing: ClusterListing, _ seconds: Int) -> [String?] {
            var listing = listing
            looks.mark(&listing, at: start + .seconds(seconds), shown: "look at \(seconds)")
            return listing.members.map(\.lockUnrenewedSince)
        }
        #expect(look(listing("1"), 0) == [nil, nil, nil])
        #expect(look(listing("1"), 23) == [nil, nil, nil])
        #expect(look(listing("1"), 24) == ["look at 0", nil, nil])
        #expect(look(listing("2"), 25) == [nil, nil, nil])
        #expect(look(listing("2", leader: "demo-1"), 50) == [nil, nil, nil])
        #expect(look(listing("2", leader: "demo-1"), 74) == [nil, "look at 50", nil])
        #expect(look(listing("2", ttl: nil), 75) == [nil, nil, nil])
        #expect(look(listing("2", ttl: nil), 10_000) == [nil, nil, nil])
    }

    @Test func `a list that is repeated goes by what it has seen itself, and until then by what the operator tells`() {
        let start = ContinuousClock.now
        var looks = LockLooks<ContinuousClock.Instant>()
        func look(_ renewal: String, _ seconds: Int) -> String? {
            var listing = listing(renewal)
            listing.members[0].lockUnrenewedSince = "told"
            looks.mark(&listing, at: start + .seconds(seconds), shown: "look at \(seconds)")
            return listing.members[0].lockUnrenewedSince
        }
        #expect(look("1", 0) == "told")
        #expect(look("1", 30) == "told")
        #expect(look("2", 31) == nil)
        #expect(look("2", 40) == nil)
        #expect(look("2", 55) == "look at 31")
    }
}
