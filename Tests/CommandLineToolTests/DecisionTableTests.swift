import ClusterRecords
import KubernetesModels
import Testing

@testable import CommandLineTool

/// `matriarch why`: what is printed of a member's decisions.
@Suite struct DecisionTableTests {
    private static let decisions = [
        DecisionRecord(
            .decision, what: "race for the lock", reason: "nobody holds the lock",
            saw: ["server": "standby, timeline 3", "lock": "expired, was demo-0's, epoch 4", "activity": "none"],
            since: "2026-11-21T01:00:00.000000+00:00", until: "2026-11-21T01:00:02.000000+00:00", count: 2),
        DecisionRecord(
            .election, what: "stand back",
            reason: "demo-2 is a better candidate: timeline 3, position 0/5000060, 0 bytes of it to replay",
            saw: ["answers": "demo-2 timeline 3, 0/5000060, promised epoch 5, and more words"],
            since: "2026-11-21T01:00:02.100000+00:00",
            until: "2026-11-21T01:00:02.100000+00:00"),
    ]

    @Test func `a decision stands beside its reason and what was seen`() {
        #expect(
            DecisionTable(decisions: Self.decisions).table.rendered(.pretty) == """
                +----------------------------------+----------------------------------+-------+----------+-------------------+-----------------------------------------+--------------------------------------------------------------+
                | Since                            | Until                            | Times | Kind     | Decision          | Reason                                  | Saw                                                          |
                +----------------------------------+----------------------------------+-------+----------+-------------------+-----------------------------------------+--------------------------------------------------------------+
                | 2026-11-21T01:00:00.000000+00:00 | 2026-11-21T01:00:02.000000+00:00 |     2 | decision | race for the lock | nobody holds the lock                   | lock: expired, was demo-0's, epoch 4                         |
                |                                  |                                  |       |          |                   |                                         | server: standby, timeline 3                                  |
                |                                  |                                  |       |          |                   |                                         | activity: none                                               |
                +----------------------------------+----------------------------------+-------+----------+-------------------+-----------------------------------------+--------------------------------------------------------------+
                | 2026-11-21T01:00:02.100000+00:00 | 2026-11-21T01:00:02.100000+00:00 |     1 | election | stand back        | demo-2 is a better candidate: timeline  | answers: demo-2 timeline 3, 0/5000060, promised epoch 5, and |
                |                                  |                                  |       |          |                   | 3, position 0/5000060, 0 bytes of it to | more words                                                   |
                |                                  |                                  |       |          |                   | replay                                  |                                                              |
                +----------------------------------+----------------------------------+-------+----------+-------------------+-----------------------------------------+--------------------------------------------------------------+
                """)
    }

    @Test func `programs get what was seen by its names`() throws {
        let objects = try JSONValue(parsing: DecisionTable(decisions: Self.decisions).table.rendered(.json))
        #expect(objects[0]?["Saw"]?["lock"] == "expired, was demo-0's, epoch 4")
        #expect(objects[1]?["Reason"]?.stringValue == Self.decisions[1].reason)
        #expect(objects[0]?["Times"] == 2 && objects[1]?["Kind"] == "election")
        #expect(DecisionTable(decisions: []).table.rendered(.json) == "[]")
    }

    @Test(arguments: [
        ("", 9, ""), ("a", 1, "a"), ("one two three", 7, "one two\nthree"), ("longword b", 3, "longword\nb"),
    ])
    func `long text is broken at spaces`(text: String, width: Int, folded: String) {
        #expect(DecisionTable.folded(text, at: width) == folded)
    }
}
