import ClusterLab
import Testing
import Units

struct HistoryVerdictTests {
    private func record(
        _ id: Int64, at milliseconds: Int64, _ outcome: WriteRecord.Outcome = .acknowledged, timeline: UInt32 = 1
    ) -> WriteRecord {
        let decided = BootInstant(nanoseconds: milliseconds * 1_000_000)
        return WriteRecord(
            id: id, invoked: decided - .milliseconds(2), decided: decided, outcome: outcome,
            timeline: outcome == .acknowledged ? Timeline(rawValue: timeline) : nil)
    }

    private func history(_ records: [WriteRecord]) -> WriteHistory { WriteHistory(run: "test", records: records) }

    @Test func `an acknowledged row that is not there is lost`() {
        let verdict = HistoryVerdict(
            history: history([record(1, at: 0), record(2, at: 20), record(3, at: 40)]), present: [1, 3])
        #expect(verdict.lost == [2])
        #expect(verdict.acknowledged == 3)
        #expect(!verdict.isSound)
    }

    @Test func `a row that is lost at its primary's end is told from one that had been sent`() {
        func result(_ present: [Int64]) -> ScenarioResult {
            let records = [record(1, at: 0), record(2, at: 250), record(3, at: 300), record(4, at: 900, timeline: 2)]
            var result = ScenarioResult(
                operation: "test", verdict: HistoryVerdict(history: history(records), present: present))
            result.tolerated = [.lossAtTheEnd]
            return result
        }
        #expect(result([1, 2, 4]).hasPassed && result([1, 4]).hasPassed)
        #expect(result([1, 4]).verdict?.lostThoughSent == [])
        #expect(result([2, 3, 4]).verdict?.lostThoughSent == [1])
        #expect(!result([2, 3, 4]).hasPassed)
    }

    @Test func `a row whose answer was lost may be there or not`() {
        let records = [record(1, at: 0), record(2, at: 20, .unknown), record(3, at: 40, .unknown)]
        let verdict = HistoryVerdict(history: history(records), present: [1, 3])
        #expect(verdict.isSound)
        #expect(verdict.presentUnacknowledged == [3])
    }

    @Test func `a refused row must not be there`() {
        let verdict = HistoryVerdict(history: history([record(1, at: 0, .refused)]), present: [1])
        #expect(verdict.presentRefused == [1])
        #expect(!verdict.isSound)
    }

    @Test func `a row that is there twice is found`() {
        let verdict = HistoryVerdict(history: history([record(1, at: 0), record(2, at: 20)]), present: [1, 2, 2])
        #expect(verdict.duplicated == [2])
        #expect(!verdict.isSound)
    }

    @Test func `a commit of an older timeline after one of a newer timeline is an overlap of two primaries`() {
        let records = [
            record(1, at: 0, timeline: 1), record(2, at: 20, timeline: 2), record(3, at: 30, timeline: 1),
            record(4, at: 40, timeline: 2),
        ]
        let verdict = HistoryVerdict(history: history(records), present: [1, 2, 3, 4])
        #expect(verdict.overlapping.map(\.id) == [3])
        #expect(verdict.timelines == [Timeline(rawValue: 1), Timeline(rawValue: 2)])
        #expect(!verdict.isSound)
    }

    @Test func `the order of the acknowledgements counts, not the order in which they were recorded`() {
        let records = [record(2, at: 20, timeline: 2), record(1, at: 10, timeline: 1)]
        #expect(HistoryVerdict(history: history(records), present: [1, 2]).isSound)
    }

    @Test func `the outage goes from the last acknowledged commit before to the first one after`() throws {
        let records = [
            record(1, at: 0), record(2, at: 20), record(3, at: 40, .unknown), record(4, at: 300, .refused),
            record(5, at: 820, timeline: 2), record(6, at: 840, timeline: 2),
        ]
        let outage = try #require(history(records).outage(after: BootInstant(nanoseconds: 30_000_000)))
        #expect(outage.duration == .milliseconds(800))
        #expect(outage.lastBefore.id == 2)
        #expect(outage.firstAfter.id == 5)
    }

    @Test func `an interruption before the operation is not its outage`() throws {
        let records = [record(1, at: 0), record(2, at: 900), record(3, at: 920), record(4, at: 1000)]
        let outage = try #require(history(records).outage(after: BootInstant(nanoseconds: 910_000_000)))
        #expect(outage.duration == .milliseconds(80))
        #expect(history(records).longestGap?.duration == .milliseconds(900))
    }

    @Test func `without an acknowledged commit afterwards there is no outage to quote`() {
        #expect(
            history([record(1, at: 0), record(2, at: 20)]).outage(after: BootInstant(nanoseconds: 50_000_000)) == nil)
    }
}
