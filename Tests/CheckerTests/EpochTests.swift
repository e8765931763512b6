import ClusterLab
import Testing
import Units

/// G1 by the lock: planted violations, and what looks like one and is none.
struct EpochTests {
    private func record(_ id: Int64, at milliseconds: Int64, by server: String, timeline: UInt32) -> WriteRecord {
        let decided = BootInstant(nanoseconds: milliseconds * 1_000_000)
        return WriteRecord(
            id: id, invoked: decided - .milliseconds(2), decided: decided, outcome: .acknowledged, server: server,
            timeline: Timeline(rawValue: timeline))
    }

    private func epoch(_ number: Int64, _ server: String, at milliseconds: Int64, after timeline: UInt32)
        -> EpochSighting
    {
        EpochSighting(
            epoch: number, holder: "demo-\(server)", server: server, timelineBefore: Timeline(rawValue: timeline),
            seen: BootInstant(nanoseconds: milliseconds * 1_000_000))
    }

    private func late(_ records: [WriteRecord], _ epochs: [EpochSighting]) -> [Int64] {
        let verdict = HistoryVerdict(
            history: WriteHistory(run: "test", records: records), present: records.map(\.id), epochs: epochs)
        #expect(verdict.isSound == (verdict.formerPrimaryCount == 0))
        return verdict.late.map(\.id)
    }

    @Test func `a commit the old primary acknowledged after another took the lock is late, though nobody else wrote`() {
        let records = [record(1, at: 0, by: "a", timeline: 1), record(2, at: 600, by: "a", timeline: 1)]
        #expect(late(records, [epoch(1, "a", at: -100, after: 1), epoch(2, "b", at: 500, after: 1)]) == [2])
    }

    @Test func `commits before the lock changed hands and those of the new holder are in order`() {
        let records = [
            record(1, at: 400, by: "a", timeline: 1), record(2, at: 700, by: "b", timeline: 2),
            record(3, at: 900, by: "b", timeline: 2),
        ]
        #expect(late(records, [epoch(1, "a", at: -100, after: 1), epoch(2, "b", at: 500, after: 1)]) == [])
    }

    @Test func `a later holder whose own sighting comes after its first commit is not blamed`() {
        let records = [record(1, at: 1000, by: "c", timeline: 3)]
        #expect(late(records, [epoch(2, "b", at: 500, after: 1), epoch(3, "c", at: 1020, after: 2)]) == [])
    }

    @Test func `a primary that held the lock again may go on with its timeline`() {
        let records = [record(1, at: 2000, by: "a", timeline: 1)]
        let epochs = [
            epoch(1, "a", at: -100, after: 1), epoch(2, "b", at: 500, after: 1), epoch(3, "a", at: 1500, after: 1),
        ]
        #expect(late(records, epochs) == [])
        #expect(late(records, Array(epochs.dropLast())) == [1])
    }
}
