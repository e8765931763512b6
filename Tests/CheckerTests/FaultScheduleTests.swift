import ClusterLab
import Testing

struct FaultScheduleTests {
    private func rounds(seed: UInt64, _ count: Int = 20) -> [[PlannedFault]] {
        var schedule = FaultSchedule(seed: seed, faults: Fault.allCases, members: 3, longest: .seconds(20))
        return (0..<count).map { _ in schedule.next() }
    }

    @Test func `the same seed brings the same faults, another one others`() {
        #expect(rounds(seed: 7) == rounds(seed: 7))
        #expect(rounds(seed: 7) != rounds(seed: 8))
    }

    @Test func `every fault comes sooner or later, in order of time and no longer than allowed`() {
        let rounds = rounds(seed: 1, 500)
        #expect(Set(rounds.flatMap { $0.map(\.fault) }) == Set(Fault.allCases))
        for round in rounds {
            #expect(!round.isEmpty)
            #expect(round.map(\.start) == round.map(\.start).sorted())
            #expect(round.allSatisfy { $0.duration <= .seconds(20) && ($0.duration == .zero) == $0.fault.isMomentary })
        }
    }
}
