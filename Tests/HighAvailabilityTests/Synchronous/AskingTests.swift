import HighAvailability
import Testing

/// What an election and a takeover ask for, before anybody is told.
@Suite struct AskingTests {
    private let election = SynchronousElection(
        mode: .quorum, record: SynchronousState(leader: "demo-1", members: ["demo-0"]), epoch: 4)

    @Test func `a lock held by an earlier life is voted on again, unless it was handed over or led under`() {
        #expect(election.needsVote(of: "demo-0", over: LockRecord(version: "1", leader: "demo-0")))
        #expect(election.needsVote(of: "demo-0", over: nil))
        #expect(!election.needsVote(of: "demo-0", over: LockRecord(version: "1", heir: "demo-0")))
        #expect(!election.needsVote(of: "demo-1", over: LockRecord(version: "1")))
    }

    @Test func `everybody but the recorded leader is asked for a seal`() {
        #expect(election.asksForSeal("demo-0") && election.asksForSeal("demo-2"))
        #expect(!election.asksForSeal("demo-1"))
    }

    @Test func `a takeover writes its record unless it says the same and no other write can land`() {
        let record = SynchronousState(leader: "demo-0", members: ["demo-1"])
        let takeover = SynchronousTakeover(record: record, names: .blocking)
        let rows: [(former: SynchronousState?, isSame: Bool)] = [
            (record, true), (SynchronousState(version: "7", leader: "demo-0", members: ["demo-1"]), true), (nil, false),
            (SynchronousState(leader: "demo-1", members: ["demo-1"]), false),
        ]
        for row in rows {
            #expect(takeover.mustBeWritten(over: row.former, mayStillLand: false) == !row.isSame)
            #expect(takeover.mustBeWritten(over: row.former, mayStillLand: true))
        }
    }

    @Test func `users are held out of a server that comes up again and waits for standbys, and of no other`() {
        let record = SynchronousState(leader: "demo-0")
        for names in [SynchronousStandbyNames.none, .blocking] {
            let takeover = SynchronousTakeover(record: record, names: names)
            #expect(takeover.holdsOutUsers(isRestart: true) == (names == .blocking))
            #expect(!takeover.holdsOutUsers(isRestart: false))
        }
    }
}
