import KubernetesModels
import Testing

@testable import CommandLineTool

private typealias Fixture = ListingFixture

@Suite struct ListTableTests {
    private func table(_ listing: ClusterListing, extended: Bool = false) -> String {
        ListRenderer(format: .pretty, isExtended: extended).rendered([listing])
    }

    @Test func `a healthy cluster looks as Patroni prints it`() {
        #expect(
            table(Fixture.listing()) == """
                + Cluster: demo (7412345678901234567) ----+----+-------------+-----+------------+-----+
                | Member | Host     | Role    | State     | TL | Receive LSN | Lag | Replay LSN | Lag |
                +--------+----------+---------+-----------+----+-------------+-----+------------+-----+
                | demo-0 | 10.0.0.7 | Leader  | running   |  3 |             |     |            |     |
                | demo-1 | 10.0.0.8 | Replica | streaming |  3 |   0/5000000 |   0 |  0/5000000 |   0 |
                | demo-2 | 10.0.0.9 | Replica | streaming |  3 |   0/4D00000 |   3 |  0/4D00000 |   3 |
                +--------+----------+---------+-----------+----+-------------+-----+------------+-----+
                """)
    }

    @Test func `the leader of a standby cluster is one by its role, and streams`() {
        let listing = Fixture.listing {
            $0.pods[1] = Fixture.pod(
                "demo-0", ip: "10.0.0.7",
                status: Fixture.status("10.0.0.7", "standby_leader", more: ["replication_state": "streaming"]))
            $0.live["demo-0"] = [
                "state": "running", "replication_state": "streaming", "xlog": ["received_location": 0x600_0000],
            ]
        }
        #expect(listing.members.map(\.role) == [.standbyLeader, .replica, .replica])
        #expect(listing.members.map(\.role.leads) == [true, false, false])
        #expect(table(listing).contains("| demo-0 | 10.0.0.7 | Standby Leader | streaming |  3 |             |     |"))
        // 16 MiB behind what the standby leader has received.
        #expect(table(listing).contains("|   0/5000000 |  16 |"))
    }

    @Test func `pending restarts, tags, maintenance mode and a scheduled switchover are shown`() {
        let listing = Fixture.listing {
            $0.configuration["config"] = #"{"pause":true,"synchronous_mode":"on"}"#
            $0.synchronization = ["leader": "demo-0", "sync_standby": "demo-1"]
            $0.failover = ["leader": "demo-0", "member": "demo-1", "scheduled_at": "2026-11-21T04:00:00+00:00"]
            $0.pods[0] = Fixture.pod(
                "demo-2", ip: "10.0.0.9",
                status: Fixture.status(
                    "10.0.0.9", "replica",
                    more: [
                        "pending_restart": true, "tags": ["clonefrom": true, "nofailover": true],
                        "pending_restart_reason": [
                            "max_connections": ["old_value": "100", "new_value": "200"],
                            "shared_preload_libraries": [
                                "old_value": "", "new_value": "pg_stat_statements,auto_explain",
                            ],
                        ],
                    ]))
        }
        #expect(
            table(listing) == """
                + Cluster: demo (7412345678901234567) ---------+----+-------------+-----+------------+-----+-----------------+-----------------------------------------------+------------------+
                | Member | Host     | Role         | State     | TL | Receive LSN | Lag | Replay LSN | Lag | Pending restart | Pending restart reason                        | Tags             |
                +--------+----------+--------------+-----------+----+-------------+-----+------------+-----+-----------------+-----------------------------------------------+------------------+
                | demo-0 | 10.0.0.7 | Leader       | running   |  3 |             |     |            |     |                 |                                               |                  |
                +--------+----------+--------------+-----------+----+-------------+-----+------------+-----+-----------------+-----------------------------------------------+------------------+
                | demo-1 | 10.0.0.8 | Sync Standby | streaming |  3 |   0/5000000 |   0 |  0/5000000 |   0 |                 |                                               |                  |
                +--------+----------+--------------+-----------+----+-------------+-----+------------+-----+-----------------+-----------------------------------------------+------------------+
                | demo-2 | 10.0.0.9 | Replica      | streaming |  3 |   0/5000000 |   0 |  0/5000000 |   0 | *               | max_connections: 100->200                     | clonefrom: true  |
                |        |          |              |           |    |             |     |            |     |                 | shared_preload_libraries: [hidden - too long] | nofailover: true |
                +--------+----------+--------------+-----------+----+-------------+-----+------------+-----+-----------------+-----------------------------------------------+------------------+
                 Maintenance mode: on
                 Switchover scheduled at: 2026-11-21T04:00:00+00:00
                                    from: demo-0
                                      to: demo-1
                """)
    }

    @Test func `a cluster that is being made shows what is known`() {
        let listing = Fixture.listing {
            $0.leader = [:]
            $0.configuration = ["initialize": ""]
            $0.pods = [
                Fixture.pod(
                    "demo-0", ip: "10.0.0.7",
                    status: ["state": "initializing new cluster", "conn_url": "postgres://10.0.0.7:5432/postgres"]),
                Fixture.pod("demo-1", ip: nil, status: nil),
            ]
        }
        #expect(
            table(listing) == """
                + Cluster: demo (initializing) --------------------------+----+-------------+-----+------------+-----+
                | Member | Host     | Role    | State                    | TL | Receive LSN | Lag | Replay LSN | Lag |
                +--------+----------+---------+--------------------------+----+-------------+-----+------------+-----+
                | demo-0 | 10.0.0.7 | Replica | initializing new cluster |    |     unknown |     |    unknown |     |
                | demo-1 |          | Replica |                          |    |     unknown |     |    unknown |     |
                +--------+----------+---------+--------------------------+----+-------------+-----+------------+-----+
                """)
    }

    @Test func `what a member says now outdoes what it published last`() {
        let listing = Fixture.listing {
            $0.live["demo-0"] = [
                "state": "running", "role": "primary", "timeline": 3, "xlog": ["location": 0x600_0000],
            ]
            $0.live["demo-2"] = [
                "state": "running", "role": "replica", "timeline": 3, "replication_state": "streaming",
                "xlog": ["received_location": 0x600_0000, "replayed_location": 0x5E0_0000],
            ]
        }
        #expect(
            table(listing) == """
                + Cluster: demo (7412345678901234567) ----+----+-------------+-----+------------+-----+
                | Member | Host     | Role    | State     | TL | Receive LSN | Lag | Replay LSN | Lag |
                +--------+----------+---------+-----------+----+-------------+-----+------------+-----+
                | demo-0 | 10.0.0.7 | Leader  | running   |  3 |             |     |            |     |
                | demo-1 | 10.0.0.8 | Replica | streaming |  3 |   0/5000000 |  16 |  0/5000000 |  16 |
                | demo-2 | 10.0.0.9 | Replica | streaming |  3 |   0/6000000 |   0 |  0/5E00000 |   2 |
                +--------+----------+---------+-----------+----+-------------+-----+------------+-----+
                """)
    }

    @Test func `ports are shown when one is unusual or an address is shared`() {
        let unusual = Fixture.listing {
            $0.pods[1] = Fixture.pod(
                "demo-0", ip: "10.0.0.7",
                status: Fixture.status("x", "primary", more: ["conn_url": "postgres://[fd00::7]:6432/postgres"]))
        }
        let text = table(unusual)
        #expect(text.contains("| [fd00::7]:6432 | Leader"))
        #expect(text.contains("| 10.0.0.8:5432  | Replica"))
    }

    @Test func `members stand in the order of their numbers`() {
        let listing = Fixture.listing {
            $0.pods = [10, 2, 0].map { Fixture.pod("demo-\($0)", ip: nil, status: nil) }
        }
        #expect(listing.members.map(\.name) == ["demo-0", "demo-2", "demo-10"])
    }

    @Test func `the extended form has every column`() {
        let header = table(Fixture.listing(), extended: true).split(separator: "\n")[1]
        #expect(
            header.hasSuffix(
                "| Lag | Unknown since | Lock | Pending restart | Pending restart reason | Scheduled restart | Tags |"))
    }
}
