import HighAvailability
import Testing

@Suite struct WonRequestTests {
    private static func outcome(
        leader: String?, candidate: String?, former: String?, loss: String? = nil
    ) -> WonRequest.Outcome? {
        WonRequest(request: FailoverRequest(leader: leader, candidate: candidate), former: former, loss: loss)
            .outcome(for: "demo-0")
    }

    @Test func `who asked for a change of leader hears what the election made of it`() {
        let rows: [(leader: String?, candidate: String?, former: String?, succeeded: Bool?)] = [
            // A switchover away from the leader that has gone, to anybody or to this member.
            ("demo-1", nil, "demo-1", true), ("demo-1", "demo-0", "demo-1", true),
            // To another one, which was not elected.
            ("demo-1", "demo-2", "demo-1", false),
            // A failover, which names no leader.
            (nil, "demo-0", "demo-1", true), (nil, "demo-2", "demo-1", false), (nil, "demo-0", nil, true),
            // Away from somebody who did not lead: not this member's business.
            ("demo-2", nil, "demo-1", nil), ("demo-2", nil, nil, nil),
        ]
        for row in rows {
            let outcome = Self.outcome(leader: row.leader, candidate: row.candidate, former: row.former)
            #expect(outcome?.succeeded == row.succeeded, "\(row)")
        }
    }

    @Test func `the outcome says what the election cost, and who leads in whose place`() {
        #expect(Self.outcome(leader: nil, candidate: "demo-0", former: nil)?.reason == "failed over")
        #expect(
            Self.outcome(leader: nil, candidate: "demo-0", former: nil, loss: "WAL is lost")?.reason == "WAL is lost")
        #expect(
            Self.outcome(leader: nil, candidate: "demo-2", former: nil)?.reason
                == "demo-0 was elected instead of demo-2, which could not lead")
    }

    @Test func `an heir and a candidate lead because somebody named them; a request for later names nobody yet`() {
        let free = LockRecord(version: "1")
        let named = LockRecord(version: "1", heir: "demo-0")
        let later = FailoverRequest(candidate: "demo-0", schedule: Schedule(text: "later", instant: nil))
        let rows: [(LockRecord?, FailoverRequest?, Bool)] = [
            (nil, nil, false), (free, nil, false), (named, nil, true),
            (LockRecord(version: "1", heir: "demo-1"), nil, false), (free, FailoverRequest(candidate: "demo-0"), true),
            (free, FailoverRequest(candidate: "demo-1"), false), (free, FailoverRequest(leader: "demo-1"), false),
            (free, later, false), (named, later, true),
        ]
        for (record, request, expected) in rows {
            #expect(isElectedByRequest("demo-0", over: record, request) == expected)
        }
        #expect(later.due == nil && FailoverRequest(candidate: "demo-0").due != nil)
    }

    @Test func `in a store that was wiped nobody is elected before everybody has answered`() {
        let initializations: [Initialization] = [.never, .inProgress(by: "demo-1"), .done(systemIdentifier: "7")]
        for initialization in initializations {
            #expect(!mustAwaitEverybody(initialization, asked: 2, answered: 2))
            #expect(mustAwaitEverybody(initialization, asked: 2, answered: 1) == (initialization == .never))
        }
    }
}
