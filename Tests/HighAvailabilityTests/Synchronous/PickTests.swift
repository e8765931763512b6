import HighAvailability
import Testing

@Suite struct PickTests {
    private func standby(_ name: String, _ position: UInt64? = 1000, fit: Bool = true, tags: MemberTags = MemberTags())
        -> SynchronousCandidate
    {
        SynchronousCandidate(
            name: name, isFit: fit, position: position.map { LSN(rawValue: $0) }, tags: tags)
    }

    private func pick(
        _ candidates: [SynchronousCandidate], _ mode: SynchronousMode = .on, standbys: Int = 1, lag: UInt64? = nil,
        current: Set<String> = []
    ) -> [String] {
        pickSynchronousStandbys(
            candidates,
            policy: SynchronousPolicy(
                mode: mode, standbys: standbys, maximumLag: lag.map { ByteCount(rawValue: $0) }), current: current)
    }

    @Test func `the furthest one is picked, among equals the first by name`() {
        #expect(pick([standby("c", 1000), standby("b", 1001), standby("a", 1000)]) == ["b"])
        #expect(pick([standby("c"), standby("b")]) == ["b"])
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
