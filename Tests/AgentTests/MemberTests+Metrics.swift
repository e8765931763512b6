import TestSupport
import Testing

/// What Prometheus reads of real members.
extension MemberTests {
    /// Counters of Patroni's whose names Prometheus would end otherwise; dashboards know them so.
    private static let ownNames = [
        "patroni_xlog_location", "patroni_xlog_received_location", "patroni_xlog_replayed_location",
    ]

    @Test func `Prometheus' own check reads a member's metrics, and finds fault with three of Patroni's names alone`()
        async throws
    {
        try await withThree { _, before in
            for member in [before.leader, before.standbys[0]] {
                let answer = try await eventually(
                    "\(member.name) tells what it is", { try await member.get("/metrics") }
                ) {
                    $0.text.contains("patroni_\(member.name == before.leader.name ? "primary" : "replica"){")
                        && $0.status == 200
                }
                let outcome = try await ForeignTool.promtool.run(["check", "metrics"], input: answer.text)
                let complaints = (outcome.output + outcome.error).split(separator: "\n").map(String.init).sorted()
                #expect(
                    complaints == Self.ownNames.map { "\($0) counter metrics should have \"_total\" suffix" },
                    "\(member.name)")
                // 3: it was read, and there is a complaint; 1 would be no text of Prometheus'.
                #expect(outcome.status == 3)
            }
        }
    }
}
