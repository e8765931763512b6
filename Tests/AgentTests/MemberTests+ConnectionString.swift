import KubernetesModels
import TestSupport
import Testing

/// libpq's own way to the primary: every member in one string, as the Secret of an application has it.
extension MemberTests {
    @Test func `psql with every member in its string finds the primary, before and after a switchover`() async throws {
        try await withThree { cluster, before in
            let candidate = try #require(before.standbys.last)
            func hosts(_ value: (MemberProcess) -> String) -> String {
                cluster.members.map(value).joined(separator: ",")
            }
            let dsn = """
                host=\(hosts(\.address)) port=\(hosts { "\($0.port)" }) user=postgres dbname=postgres \
                target_session_attrs=read-write connect_timeout=2
                """
            /// Which server took a row; empty when none did.
            func write() async throws -> String {
                let outcome = try await ForeignTool.psql.run(
                    ["-XAtqc", "INSERT INTO written VALUES (1) RETURNING inet_server_port()", dsn],
                    environment: ["PGPASSFILE": cluster.passwordFile])
                return outcome.output.filter(\.isNumber)
            }
            try await RowWriter.prepare(on: before.leader)
            #expect(try await write() == "\(before.leader.port)")
            try await cluster.annotate(
                .failover, ["leader": .string(before.leader.name), "member": .string(candidate.name)])
            try await eventually(within: .seconds(30), "the next primary takes it", { try await write() }) {
                $0 == "\(candidate.port)"
            }
            try await cluster.healthy()
            #expect(try await write() == "\(candidate.port)")
        }
    }
}
