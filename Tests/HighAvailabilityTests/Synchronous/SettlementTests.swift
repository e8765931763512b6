import HighAvailability
import Testing

/// What became of a write of the synchronous record, by reading it again.
@Suite struct SettlementTests {
    private let former = SynchronousState(version: "7", leader: "p", members: ["a", "b"], quorum: 1)
    private let wanted = SynchronousState(version: "7", leader: "a", members: ["b", "p"], quorum: 1)

    private func settle(_ read: SynchronousState?, over former: SynchronousState?) -> SynchronousSettlement {
        settleSynchronousWrite(of: wanted, over: former, read: read)
    }

    @Test func `a record of another version that says the same is the write that was not heard of`() {
        var read = wanted
        read.version = "8"
        #expect(settle(read, over: former) == .landed(read))
        #expect(settle(read, over: nil) == .landed(read))
    }

    @Test func `what is there as it was may be written again`() {
        #expect(settle(former, over: former) == .notYet)
        #expect(settle(nil, over: nil) == .notYet)
    }

    @Test func `a record that is written as it is has landed only in another version`() {
        var again = former
        #expect(settleSynchronousWrite(of: former, over: former, read: again) == .notYet)
        again.version = "8"
        #expect(settleSynchronousWrite(of: former, over: former, read: again) == .landed(again))
    }

    @Test func `anything else there is makes it void`() {
        #expect(settle(nil, over: former) == .superseded)
        for other in [
            SynchronousState(version: "8", leader: "p", members: ["b", "p"], quorum: 1),
            SynchronousState(version: "8", leader: "a", members: ["b"], quorum: 1),
            SynchronousState(version: "8", leader: "a", members: ["b", "p"], quorum: 0),
        ] {
            #expect(settle(other, over: former) == .superseded)
        }
        #expect(settle(former, over: nil) == .superseded)
    }
}
