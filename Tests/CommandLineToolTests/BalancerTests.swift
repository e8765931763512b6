import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import Testing
import Units

@testable import CommandLineTool

/// The configuration that `matriarch haproxy` prints.
@Suite struct BalancerTests {
    private static let scope = Scope(namespace: "shop", cluster: "demo")

    private static func records(_ change: (inout StoreRecords) throws -> Void = { _ in }) throws -> StoreRecords {
        var records = ListingFixture.records
        records.hasResource = true
        records.spec = try ListingFixture.spec()
        try change(&records)
        return records
    }

    private static func servers(_ text: String, of proxy: String) -> [String] {
        let section = text.split(separator: "listen ").first { $0.hasPrefix("\(proxy)\n") } ?? ""
        return section.split(separator: "\n").filter { $0.hasPrefix("    server ") }.map { String($0.dropFirst(11)) }
    }

    @Test func `the whole file by names, with what the cluster's servers let in`() throws {
        let records = try Self.records {
            $0.configuration["config"] = #"{"postgresql":{"parameters":{"max_connections":"200"}}}"#
        }
        let balancer = try BalancerConfiguration(names: records, of: Self.scope, domain: "cluster.local")
        #expect(
            balancer.text == """
                # Cluster shop/demo: demo-0, demo-1, demo-2.
                # Print it anew when there are other members.

                global
                    maxconn 800
                    log stdout format raw daemon notice

                defaults
                    mode tcp
                    log global
                    retries 2
                    option tcpka
                    timeout connect 4s
                    timeout client 30m
                    timeout server 30m
                    timeout check 3s

                resolvers pods
                    parse-resolv-conf
                    hold valid 5s

                listen statistics
                    bind *:7000
                    mode http
                    stats enable
                    stats uri /
                    stats refresh 5s

                # Of servers that have been asked at most one is up: three refusals take the former primary out before five consents let the next in.
                listen primary
                    bind *:5000
                    option httpchk OPTIONS /primary
                    http-check expect status 200
                    default-server inter 1s fall 3 rise 5 on-marked-down shutdown-sessions maxconn 200 resolvers pods init-addr none
                    server demo-0 demo-0.demo-pods.shop.svc.cluster.local:5432 check port 8008
                    server demo-1 demo-1.demo-pods.shop.svc.cluster.local:5432 check port 8008
                    server demo-2 demo-2.demo-pods.shop.svc.cluster.local:5432 check port 8008

                listen replicas
                    bind *:5001
                    balance leastconn
                    option redispatch
                    option httpchk OPTIONS /replica
                    http-check expect status 200
                    default-server inter 1s fall 3 rise 2 on-marked-down shutdown-sessions maxconn 200 resolvers pods init-addr none
                    server demo-0 demo-0.demo-pods.shop.svc.cluster.local:5432 check port 8008
                    server demo-1 demo-1.demo-pods.shop.svc.cluster.local:5432 check port 8008
                    server demo-2 demo-2.demo-pods.shop.svc.cluster.local:5432 check port 8008

                """)
    }

    @Test func `by names there is every member there is to be, and every one there is`() throws {
        let records = try Self.records {
            $0.spec = try ListingFixture.spec(["instances": 4])
            $0.pods.append(ListingFixture.pod("demo-10", ip: "10.0.0.10", status: nil))
        }
        let balancer = try BalancerConfiguration(names: records, of: Self.scope, domain: "k8s.example")
        #expect(balancer.servers.map(\.name) == ["demo-0", "demo-1", "demo-2", "demo-3", "demo-10"])
        #expect(balancer.servers.last?.place.host == "demo-10.demo-pods.shop.svc.k8s.example")
    }

    @Test func `a cluster without a resource has no names`() throws {
        let records = try Self.records {
            $0.hasResource = false
            $0.spec = nil
        }
        #expect(throws: CommandError.self) {
            try BalancerConfiguration(names: records, of: Self.scope, domain: "cluster.local")
        }
        #expect(try BalancerConfiguration.addresses(records, of: Self.scope).0.servers.count == 3)
    }

    @Test func `by addresses there are the ports members tell, IPv6 in brackets, and who has none is named`() throws {
        let records = try Self.records {
            $0.pods = [
                ListingFixture.pod(
                    "demo-1", ip: nil,
                    status: [
                        "conn_url": "postgres://[fd00::7]:5433/postgres", "api_url": "http://[fd00::7]:8010/patroni",
                        "state": "running", "role": "replica",
                    ]),
                ListingFixture.pod("demo-2", ip: nil, status: nil),
                ListingFixture.pod("demo-0", ip: "10.0.0.7", status: ListingFixture.status("10.0.0.7", "primary")),
            ]
        }
        let (balancer, without) = try BalancerConfiguration.addresses(records, of: Self.scope)
        #expect(
            Self.servers(balancer.text, of: "primary") == [
                "demo-0 10.0.0.7:5432 check port 8008", "demo-1 [fd00::7]:5433 check port 8010",
            ])
        #expect(without == ["demo-2"])
        #expect(!balancer.text.contains("resolvers"))
        #expect(balancer.text.contains("# Print it anew when there are other members, or one has another address.\n"))
    }

    @Test(arguments: [
        "10.0.0.7 check\n    server evil", "10.0.0.7\tbackup", "a b", "#", "\"x\"", "${HOME}", "10.0.0.7\\",
    ])
    func `what a member publishes is no way to write into the configuration`(host: String) throws {
        let records = try Self.records {
            $0.pods = [
                ListingFixture.pod("demo-0", ip: nil, status: ListingFixture.status("10.0.0.7", "primary")),
                ListingFixture.pod("demo-1", ip: nil, status: ListingFixture.status(host, "replica")),
            ]
        }
        let (balancer, without) = try BalancerConfiguration.addresses(records, of: Self.scope)
        #expect(balancer.servers.map(\.name) == ["demo-0"])
        #expect(without == ["demo-1"])
    }

    @Test func `where no member has an address there is nothing to print`() throws {
        let records = try Self.records { $0.pods = [ListingFixture.pod("demo-0", ip: nil, status: nil)] }
        #expect(throws: CommandError.self) { try BalancerConfiguration.addresses(records, of: Self.scope) }
    }

    @Test func `ports that are not wanted have no section, and the others stand where they are to be`() throws {
        var balancer = try BalancerConfiguration(names: Self.records(), of: Self.scope, domain: "cluster.local")
        balancer.ports = BalancerConfiguration.Ports(address: "::1", primary: 6000, replicas: nil, statistics: nil)
        #expect(balancer.text.contains("    bind [::1]:6000\n"))
        #expect(!balancer.text.contains("listen replicas") && !balancer.text.contains("listen statistics"))
    }

    private static let ports: [(BalancerConfiguration.Ports, Bool)] = [
        (.init(primary: 0), false), (.init(primary: 65_536), false), (.init(primary: 5001), false),
        (.init(primary: 5001, replicas: nil), true), (.init(primary: 7000), false), (.init(replicas: 70_000), false),
        (.init(address: ""), false), (.init(address: "* name x"), false), (.init(address: "10.0.0.1"), true),
    ]

    @Test(arguments: ports)
    func `ports must be ports, and each another one`(ports: BalancerConfiguration.Ports, isSound: Bool) {
        #expect((ports.problem == nil) == isSound)
    }
}
