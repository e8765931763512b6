import HighAvailability
import Testing
import Units

/// A leader that is to stop, and who is there to receive its shutdown checkpoint.
@Suite struct HeirTests {
    private func report(
        _ name: String, _ position: UInt64, timeline: UInt32 = 2, backlog: UInt64? = 0, eligible: Bool = true
    ) -> PositionReport {
        PositionReport(
            name: name, isPrimary: name == "p", timeline: Timeline(rawValue: timeline),
            position: LSN(rawValue: position), replayed: backlog.map { LSN(rawValue: position - $0) },
            isEligible: eligible)
    }

    private func judge(
        _ reports: [PositionReport], wanted: String? = nil, synchronous: Set<String>? = nil,
        largestBacklog: UInt64? = 50, mayWait: Bool = true, isLeaving: Bool = true
    ) -> HeirStep {
        judgeHeir(
            wanted: wanted, leader: report("p", 1200, eligible: false), reports: reports, past: LSN(rawValue: 1100),
            maximumLag: ByteCount(rawValue: 500), synchronous: synchronous,
            largestBacklog: largestBacklog.map { ByteCount(rawValue: $0) }, mayWait: mayWait, isLeaving: isLeaving)
    }

    private func isNone(_ step: HeirStep) -> Bool {
        if case .none = step { true } else { false }
    }

    @Test func `who has received something since is the heir, though another one does not`() {
        #expect(judge([report("a", 1100)]) == .handOver(to: "a"))
        #expect(judge([report("a", 1000), report("b", 1150)]) == .handOver(to: "b"))
        #expect(judge([report("a", 1000), report("b", 1150)], wanted: "a") == .wait(for: ["a"]))
    }

    @Test func `a standby that receives nothing yet is waited for, and does for a leader that stops in any case`() {
        #expect(judge([report("a", 1099)]) == .wait(for: ["a"]))
        #expect(judge([report("a", 1099)], mayWait: false) == .handOver(to: "a"))
        // Who only hands over stays the leader instead, and goes on serving.
        #expect(judge([report("a", 1099)], isLeaving: false) == .wait(for: ["a"]))
        #expect(
            judge([report("a", 1099)], mayWait: false, isLeaving: false)
                == .none(HandOverRefusal("a does not receive from this leader")))
        // It ends in a status and an Event as it is.
        #expect("\(HandOverRefusal("a does not receive from this leader"))" == "a does not receive from this leader")
    }

    @Test func `one that is about to follow, or too far behind, is waited for, and can be no heir as it is`() {
        for report in [report("a", 1000, timeline: 1), report("a", 100)] {
            #expect(judge([report]) == .wait(for: ["a"]))
            #expect(isNone(judge([report], mayWait: false)))
        }
    }

    @Test(arguments: [true, false])
    func `nobody is waited for who is not there, may not lead, or is on another course`(mayWait: Bool) {
        for reports in [[], [report("a", 1000, eligible: false)], [report("a", 1000, timeline: 3)]] {
            #expect(isNone(judge(reports, mayWait: mayWait)), "\(reports)")
        }
        #expect(isNone(judge([report("b", 1150)], wanted: "a", mayWait: mayWait)))
        #expect(isNone(judge([report("a", 1150)], synchronous: [], mayWait: mayWait)))
    }

    @Test func `who has replayed what it has is the heir at once, before one that is a little further ahead`() {
        #expect(judge([report("a", 1190, backlog: 51), report("b", 1150)]) == .handOver(to: "b"))
        #expect(judge([report("a", 1190, backlog: 50), report("b", 1150)]) == .handOver(to: "a"))
        // Agents of former versions do not say, and count as replayed.
        #expect(judge([report("a", 1190, backlog: nil), report("b", 1150)]) == .handOver(to: "a"))
        // It would not get what this leader still writes.
        #expect(judge([report("a", 1190, backlog: 51), report("b", 1099)]) == .wait(for: ["a", "b"]))
    }

    @Test func `one with much to replay is waited for, and refused in bytes unless the leader stops in any case`() {
        let slow = report("a", 1150, backlog: 900)
        let refusal = HandOverRefusal("a still has 900 bytes of WAL to replay, more than 50 B")
        for wanted in ["a", nil] {
            #expect(judge([slow], wanted: wanted, isLeaving: false) == .wait(for: ["a"]))
            #expect(judge([slow], wanted: wanted, mayWait: false, isLeaving: false) == .none(refusal))
            #expect(judge([slow], wanted: wanted) == .wait(for: ["a"]))
            #expect(judge([slow], wanted: wanted, mayWait: false) == .handOver(to: "a"))
        }
        // The one that was asked for, though another one is ready; and of two the one that is ready first.
        #expect(judge([slow, report("b", 1150)], wanted: "a", isLeaving: false) == .wait(for: ["a"]))
        #expect(judge([slow, report("b", 1150, backlog: 60)], mayWait: false) == .handOver(to: "b"))
        // Who does not receive may lack commits: rather the one that replays for long.
        #expect(judge([slow, report("b", 1099)], mayWait: false) == .handOver(to: "a"))
        // A record goes before speed.
        #expect(judge([slow, report("b", 1150)], synchronous: ["a"], mayWait: false) == .handOver(to: "a"))
    }

    @Test func `where nobody is promoted, or at any price, what is left to replay does not count`() {
        let reports = [report("a", 1190, backlog: 1000), report("b", 1150)]
        for isLeaving in [true, false] {
            #expect(judge(reports, largestBacklog: nil, isLeaving: isLeaving) == .handOver(to: "a"))
            #expect(judge(reports, wanted: "a", largestBacklog: nil, isLeaving: isLeaving) == .handOver(to: "a"))
        }
    }

    @Test func `a record limits who is waited for to who may be elected`() {
        #expect(judge([report("a", 1150), report("b", 1000)], synchronous: ["b"]) == .wait(for: ["b"]))
        #expect(judge([report("a", 1000), report("b", 1150)], synchronous: ["b"]) == .handOver(to: "b"))
    }
}
