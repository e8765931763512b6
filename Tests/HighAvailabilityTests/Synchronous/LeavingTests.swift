import HighAvailability
import Testing
import Units

@Suite struct LeavingTests {
    private let policy = SynchronousPolicy(mode: .quorum, standbys: 2)

    private func judge(_ policy: SynchronousPolicy, leader: String?, record: SynchronousState?) -> LeavingVerdict {
        judgeLeaving("demo-1", policy: policy, leader: leader, record: record)
    }

    @Test func `a standby that the record names stays until it does not`() {
        let record = SynchronousState(leader: "demo-0", members: ["demo-1", "demo-2"])
        #expect(judge(policy, leader: "demo-0", record: record) == .awaitRecord)
    }

    @Test func `a standby that the record does not name asks the leader whether its server has followed`() {
        for members in [[], ["demo-2"]] as [Set<String>] {
            let record = SynchronousState(leader: "demo-0", members: members)
            #expect(judge(policy, leader: "demo-0", record: record) == .askLeader("demo-0"))
        }
    }

    @Test func `nobody waits for the leave of a leader that is gone, or whose commits never waited`() {
        let record = SynchronousState(leader: "demo-0", members: ["demo-1"])
        #expect(judge(.off, leader: "demo-0", record: record) == .leave)
        #expect(judge(policy, leader: nil, record: record) == .leave)
        #expect(judge(policy, leader: "demo-2", record: record) == .leave)
        #expect(judge(policy, leader: "demo-1", record: record) == .leave)
        #expect(judge(policy, leader: "demo-0", record: nil) == .leave)
        #expect(judge(policy, leader: "demo-0", record: SynchronousState(leader: nil)) == .leave)
    }
}
