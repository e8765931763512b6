import HighAvailability
import Testing

/// Each transition as the list of its writes, from one state at rest to the next.
@Suite struct ResolverTests {
    /// The primary's world: every fit standby confirms at once.
    struct Walk {
        var policy: SynchronousPolicy
        var record: SynchronousState?
        var names: SynchronousStandbyNames? = SynchronousStandbyNames.none
        var writes: [String] = []

        init(_ mode: SynchronousMode, standbys: Int = 1, strict: Bool = false) {
            policy = SynchronousPolicy(mode: mode, standbys: standbys, isStrict: strict)
        }

        /// Takes steps until none is left, and forgets the writes before.
        mutating func settle(picked: [String], fit: Set<String>? = nil, confirmed: Set<String>? = nil) {
            writes = []
            while writes.count < 20 {
                let situation = SynchronousSituation(
                    me: "p", policy: policy, record: record, names: names, picked: picked, fit: fit,
                    confirmed: confirmed ?? Set(picked))
                guard let step = resolveSynchronous(situation) else { return }
                switch step {
                case .record(let members, let quorum):
                    record = SynchronousState(leader: "p", members: members, quorum: quorum)
                    writes.append("store \(members.sorted().joined())/\(quorum)")
                case .clearRecord:
                    record?.leader = nil
                    writes.append("store cleared")
                case .names(let value):
                    names = value
                    writes.append("names \(value)".replacing("\"", with: ""))
                }
                #expect(record.map { meets($0, names ?? .none) } ?? true, "after \(writes)")
            }
            Issue.record("it never settles: \(writes)")
        }
    }

    private func at(rest mode: SynchronousMode, _ picked: [String], standbys: Int = 1, strict: Bool = false) -> Walk {
        var walk = Walk(mode, standbys: standbys, strict: strict)
        walk.settle(picked: picked)
        return walk
    }

    @Test func `turned on, the store first restricts elections, then commits wait, then the standby is electable`() {
        #expect(at(rest: .on, ["a"]).writes == ["store /0", "names 1 (a)", "store a/0"])
        #expect(at(rest: .quorum, ["a", "b"]).writes == ["store /0", "names ANY 1 (a,b)", "store ab/1"])
        #expect(
            at(rest: .on, ["a", "b"], standbys: 2).writes == ["store /0", "names 2 (a,b)", "store ab/0"])
    }

    @Test func `a standby that has not confirmed everything is not electable yet`() {
        var walk = Walk(.on)
        walk.settle(picked: ["a"], confirmed: [])
        #expect(walk.writes == ["store /0", "names 1 (a)"])
        walk = at(rest: .quorum, ["a", "b"])
        walk.settle(picked: ["a", "b", "c"], confirmed: ["a", "b"])
        #expect(walk.writes == ["names ANY 2 (a,b,c)"])
        walk.settle(picked: ["a", "b", "c"])
        #expect(walk.writes == ["store abc/2", "names ANY 1 (a,b,c)"])
    }

    @Test func `the last standby gone: not strict, the store shrinks before commits stop waiting`() {
        var walk = at(rest: .on, ["a"])
        walk.settle(picked: [])
        #expect(walk.writes == ["store /0", "names "])
        walk = at(rest: .quorum, ["a", "b"])
        walk.settle(picked: [])
        #expect(walk.writes == ["store /0", "names "])
    }

    @Test func `the last standby gone: strict, commits go on waiting and it stays electable`() {
        var walk = at(rest: .on, ["a"], strict: true)
        walk.settle(picked: [])
        #expect(walk.writes == [])
        #expect(walk.record?.members == ["a"])
        walk = at(rest: .quorum, ["a", "b"], strict: true)
        walk.settle(picked: [])
        #expect(walk.writes == [])
    }

    @Test func `strict with no standby from the beginning waits for a name nobody has, never for anybody`() {
        var walk = at(rest: .on, [], strict: true)
        #expect(walk.names == .blocking)
        walk.settle(picked: ["a"])
        #expect(walk.writes == ["names 1 (a)", "store a/0"])
    }

    @Test func `a dead standby is replaced: out of the store, then the names, then in again when it is complete`() {
        var walk = at(rest: .on, ["a"])
        walk.settle(picked: ["b"])
        #expect(walk.writes == ["store /0", "names 1 (b)", "store b/0"])
    }

    @Test func `a preferred standby replaces a living one without a moment in which nobody is electable`() {
        var walk = at(rest: .on, ["a"])
        walk.settle(picked: ["b"], fit: ["a", "b"], confirmed: ["a", "b"])
        #expect(walk.writes == ["names 2 (b,a)", "store ab/0", "store b/0", "names 1 (b)"])
    }

    @Test func `quorum: a dead standby leaves the names first and the store when another has everything`() {
        var walk = at(rest: .quorum, ["a", "b", "c"])
        #expect(walk.record?.quorum == 2)
        walk.settle(picked: ["a", "b"], confirmed: [])
        #expect(walk.writes == ["names ANY 1 (a,b)"])
        walk.settle(picked: ["a", "b"], confirmed: ["b"])
        #expect(walk.writes == ["store ab/1"])
    }

    @Test func `quorum: with one left of those that had to confirm together it has to be complete to be electable`() {
        var walk = at(rest: .quorum, ["a", "b", "c"], standbys: 2)
        #expect(walk.record?.quorum == 1)
        walk.settle(picked: ["a"], confirmed: [])
        #expect(walk.writes == ["store a/1", "names ANY 1 (a)"])
        walk.settle(picked: ["a"])
        #expect(walk.writes == ["store a/0"])
    }

    @Test func `the number of standbys grows in PostgreSQL first and shrinks in the store first`() {
        var walk = at(rest: .quorum, ["a", "b", "c"])
        walk.policy.standbys = 2
        walk.settle(picked: ["a", "b", "c"])
        #expect(walk.writes == ["names ANY 2 (a,b,c)", "store abc/1"])
        walk.policy.standbys = 1
        walk.settle(picked: ["a", "b", "c"])
        #expect(walk.writes == ["store abc/2", "names ANY 1 (a,b,c)"])
        walk = at(rest: .on, ["a", "b"], standbys: 2)
        walk.policy.standbys = 1
        walk.settle(picked: ["a"])
        #expect(walk.writes == ["store a/0", "names 1 (a)"])
    }

    @Test func `the modes turn into each other`() {
        var walk = at(rest: .on, ["a"])
        walk.policy.mode = .quorum
        walk.settle(picked: ["a", "b"])
        #expect(walk.writes == ["names ANY 2 (a,b)", "store ab/1", "names ANY 1 (a,b)"])
        walk.policy.mode = .on
        walk.settle(picked: ["a"], confirmed: [])
        #expect(walk.writes == ["names 1 (a)"])
        walk.settle(picked: ["a"])
        #expect(walk.writes == ["store a/0"])
    }

    @Test func `turned off, the store stops vouching before commits stop waiting`() {
        var walk = at(rest: .on, ["a"])
        walk.policy.mode = .off
        walk.settle(picked: [])
        #expect(walk.writes == ["store cleared", "names "])
    }

    @Test func `names of nobody knows whom are replaced before anybody is electable`() {
        var walk = at(rest: .on, ["a"])
        walk.names = nil
        walk.settle(picked: ["a"])
        #expect(walk.writes == ["names 1 (a)"])
    }

    @Test func `a record of another leader is not built upon`() {
        var walk = at(rest: .on, ["a"])
        walk.record?.leader = "x"
        walk.settle(picked: ["a"])
        #expect(walk.writes == ["store /0", "store a/0"])
    }
}
