import HighAvailability
import Testing

@Suite struct FailsafeRuleTests {
    private let me = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n")

    private func entry(_ ordinal: Int, uid: String? = nil) -> FailsafeList.Entry {
        FailsafeList.Entry(
            name: "demo-\(ordinal)", apiURL: "http://10.0.0.\(ordinal):8008/patroni", podUID: uid ?? "u\(ordinal)")
    }
    private func list(_ ordinals: Int...) -> FailsafeList { FailsafeList(Set(ordinals.map { entry($0) })) }

    /// Every list of up to four members and everybody who may have agreed.
    @Test func `a leader stays exactly when every other member it has listed agreed`() {
        for size in 1...4 {
            let all = FailsafeList(Set((0..<size).map { entry($0) }))
            for mask in 0..<(1 << size) {
                let agreed = Set((0..<size).filter { mask >> $0 & 1 == 1 }.map { entry($0) })
                let missing = (1..<size).filter { mask >> $0 & 1 == 0 }.map { "demo-\($0)" }
                #expect(
                    judgeFailsafe(all, me: me, agreed: agreed, rule: .everyMember)
                        == (missing.isEmpty ? .stay : .fall(missing: missing)))
            }
        }
    }

    @Test func `a leader that is not in its own list falls, and so does one without a list`() {
        #expect(judgeFailsafe(list(1), me: me, agreed: [entry(1)], rule: .everyMember) == .fall(missing: []))
        #expect(judgeFailsafe(list(), me: me, agreed: [], rule: .everyMember) == .fall(missing: []))
        let twin = FailsafeList([entry(0, uid: "another")])
        #expect(judgeFailsafe(twin, me: me, agreed: [], rule: .everyMember) == .fall(missing: []))
    }

    @Test func `a Pod that took a member's name over has to agree too`() {
        let both = FailsafeList([entry(0), entry(1), entry(1, uid: "successor")])
        #expect(
            judgeFailsafe(both, me: me, agreed: [entry(1)], rule: .everyMember) == .fall(missing: ["demo-1"]))
        #expect(
            judgeFailsafe(both, me: me, agreed: [entry(1), entry(1, uid: "successor")], rule: .everyMember) == .stay)
    }

    /// Whoever is elected needs the votes of members that did not agree: enumerated, not argued.
    @Test func `with voters a leader stays only if no election can find its votes among those who did not agree`() {
        for size in 2...5 {
            let names = (1..<size).map { "demo-\($0)" }
            let all = FailsafeList(Set((0..<size).map { entry($0) }))
            for votes in 1...size {
                for mask in 0..<(1 << (size - 1)) {
                    let agreed = (1..<size).filter { mask >> ($0 - 1) & 1 == 1 }
                    let verdict = judgeFailsafe(
                        all, me: me, agreed: Set(agreed.map { entry($0) }), rule: .voters(Set(names), votes: votes))
                    let silent = names.count - agreed.count
                    #expect((verdict == .stay) == (silent < votes), "\(size) members, \(votes) votes, \(agreed)")
                }
            }
        }
        #expect(judgeFailsafe(list(0, 1), me: me, agreed: [entry(1)], rule: .voters([], votes: 0)) != .stay)
    }

    @Test func `a member on its way out, or without an address, is not asked`() {
        let leaving = Member(name: "demo-1", podUID: "u1", apiURL: "http://a:8008/patroni", isBeingDeleted: true)
        let silent = Member(name: "demo-2", podUID: "u2")
        let there = Member(name: "demo-0", podUID: "u0", apiURL: "http://b:8008/patroni")
        #expect(FailsafeList(of: [leaving, silent, there]).entries.map(\.name) == ["demo-0"])
    }
}
