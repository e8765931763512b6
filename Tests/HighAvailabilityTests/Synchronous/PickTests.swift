import HighAvailability
import Testing
import Units

@Suite struct PickTests {
    private func standby(
        _ name: String, _ position: UInt64? = 1000, fit: Bool = true, tags: MemberTags = MemberTags(),
        zone: String? = nil
    ) -> SynchronousCandidate {
        SynchronousCandidate(
            name: name, isFit: fit, position: position.map { LSN(rawValue: $0) }, tags: tags, zone: zone)
    }

    private func pick(
        _ candidates: [SynchronousCandidate], _ mode: SynchronousMode = .on, standbys: Int = 1, lag: UInt64? = nil,
        current: Set<String> = [], leaderZone: String? = nil
    ) -> [String] {
        pickSynchronousStandbys(
            candidates,
            policy: SynchronousPolicy(
                mode: mode, standbys: standbys, maximumLag: lag.map { ByteCount(rawValue: $0) }), current: current,
            leaderZone: leaderZone)
    }

    @Test func `another zone than the leader's comes before who is synchronous already, and after priority`() {
        let near = standby("a", 2000, zone: "x")
        let far = standby("b", 1000, zone: "y")
        #expect(pick([near, far], current: ["a"], leaderZone: "x") == ["b"])
        #expect(pick([near, far], current: ["b"], leaderZone: "x") == ["b"])
        let preferred = standby("a", tags: MemberTags(synchronousPriority: 2), zone: "x")
        #expect(pick([preferred, far], leaderZone: "x") == ["a"])
        let excluded = standby("b", tags: MemberTags(isExcludedFromFailover: true), zone: "y")
        #expect(pick([near, excluded], leaderZone: "x") == ["a"])
    }

    @Test func `no zone ever keeps a standby from being picked`() {
        #expect(pick([standby("a", zone: "x")], leaderZone: "x") == ["a"])
        #expect(pick([standby("a"), standby("b", zone: "x")], standbys: 2, leaderZone: "x") == ["a", "b"])
        let three = [standby("a", zone: "x"), standby("b", zone: "x"), standby("c", zone: "x")]
        #expect(pick(three, .quorum, leaderZone: "x") == ["a", "b", "c"])
    }

    @Test func `several standbys are spread over zones, and stay once they are`() {
        let all = [standby("a", zone: "y"), standby("b", zone: "y"), standby("c", zone: "z"), standby("d", zone: "x")]
        #expect(pick(all, standbys: 2, leaderZone: "x") == ["a", "c"])
        #expect(pick(all, standbys: 2, current: ["b", "c"], leaderZone: "x") == ["b", "c"])
        #expect(pick(all, standbys: 4, leaderZone: "x") == ["a", "c", "b", "d"])
        // Whatever the order, picking again from what was picked changes nothing.
        for current in [["a", "b"], ["c", "d"], ["b", "d"]] {
            let first = pick(all, standbys: 2, current: Set(current), leaderZone: "x")
            #expect(Set(pick(all, standbys: 2, current: Set(first), leaderZone: "x")) == Set(first))
        }
    }

    @Test func `a zone nobody named is no better than the leader's, and without the leader's none counts`() {
        #expect(pick([standby("a"), standby("b", zone: "y")], leaderZone: "x") == ["b"])
        #expect(pick([standby("a"), standby("b", zone: "y")], current: ["a"]) == ["a"])
        #expect(pick([standby("a", zone: "x"), standby("b", zone: "y")], current: ["a"]) == ["a"])
    }

    @Test func `the furthest one is picked, among equals the first by name`() {
        #expect(pick([standby("c", 1000), standby("b", 1001), standby("a", 1000)]) == ["b"])
        #expect(pick([standby("c"), standby("b")]) == ["b"])
    }

    @Test func `a cascading standby is never picked, not even as the last`() {
        let cascading = SynchronousCandidate(name: "a", position: LSN(rawValue: 2000), isCascading: true)
        for mode in [SynchronousMode.on, .quorum] {
            #expect(pick([cascading, standby("b")], mode, current: ["a"]) == ["b"])
            #expect(pick([cascading], mode, current: ["a"]) == [])
        }
    }

    @Test func `who is synchronous stays, also when another gets ahead`() {
        #expect(pick([standby("a", 1000), standby("b", 2000)], current: ["a"]) == ["a"])
    }

    @Test func `a higher priority takes over from who is synchronous`() {
        let preferred = standby("b", 10, tags: MemberTags(synchronousPriority: 2))
        #expect(pick([standby("a", 1000), preferred], current: ["a"]) == ["b"])
    }

    @Test func `nosync, priority 0, not streaming and unknown are never picked, not even as the last`() {
        for mode in [SynchronousMode.on, .quorum] {
            #expect(
                pick(
                    [
                        standby("a", tags: MemberTags(isExcludedFromSynchronous: true)),
                        standby("b", tags: MemberTags(synchronousPriority: 0)), standby("c", fit: false),
                        standby("d", nil),
                    ], mode) == [])
        }
    }

    @Test func `who lags more than allowed is not picked, though it was`() {
        #expect(pick([standby("a", 1000), standby("b", 1101)], lag: 100, current: ["a"]) == ["b"])
        #expect(pick([standby("a", 1001), standby("b", 1101)], lag: 100, current: ["a"]) == ["a"])
        #expect(pick([standby("a", 1000)], lag: 100, current: ["a"]) == ["a"])
    }

    @Test func `mode on takes as many as are wanted, quorum all`() {
        let three = [standby("a"), standby("b"), standby("c")]
        #expect(pick(three, standbys: 2) == ["a", "b"])
        #expect(pick(three, .quorum, standbys: 2) == ["a", "b", "c"])
        #expect(pick(three, .off) == [])
    }

    @Test func `who may not lead is picked last, and in quorum only when others are missing`() {
        let excluded = standby("a", 5000, tags: MemberTags(isExcludedFromFailover: true, synchronousPriority: 9))
        #expect(pick([excluded, standby("b")]) == ["b"])
        #expect(pick([excluded, standby("b")], .quorum) == ["b"])
        #expect(pick([excluded, standby("b")], .quorum, standbys: 2) == ["b", "a"])
        #expect(pick([excluded]) == ["a"])
    }
}
