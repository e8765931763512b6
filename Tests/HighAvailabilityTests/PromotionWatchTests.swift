import HighAvailability
import Testing
import Units

@Suite struct PromotionWatchTests {
    private static let begin = Fixture.now

    /// Looks at the given milliseconds, with what was replayed by then, and whether replay waits for a transaction.
    private func steps(_ looks: [(milliseconds: Int64, replayed: UInt64, waits: Bool)]) -> [PromotionWatch.Step] {
        var watch = PromotionWatch()
        return looks.map {
            watch.look(
                replayed: LSN(rawValue: $0.replayed), waitsForTransaction: $0.waits,
                at: Self.begin + .milliseconds($0.milliseconds))
        }
    }

    @Test func `a transaction in the way has a second, and is ended then`() {
        #expect(steps([(0, 10, true), (500, 10, true), (999, 10, true)]) == [.wait, .wait, .wait])
        #expect(steps([(0, 10, true), (1000, 10, true)]) == [.wait, .endTransactions])
        // What waits for a snapshot looks again after a second, and until then only new readers would be ended.
        #expect(
            steps([(0, 10, true), (1000, 10, true), (1999, 10, true), (2000, 10, true)])
                == [.wait, .endTransactions, .wait, .endTransactions])
    }

    @Test func `replay that goes on, or waits for something else, ends nobody's transaction`() {
        #expect(steps((0..<50).map { ($0 * 1000, UInt64($0), false) }) == Array(repeating: .wait, count: 50))
        #expect(steps([(0, 10, false), (5000, 10, false), (9000, 10, false)]) == [.wait, .wait, .wait])
        // Before it could wait for one it replayed: the time before does not count.
        #expect(steps([(0, 10, false), (5000, 10, true), (5900, 10, true)]) == [.wait, .wait, .wait])
    }

    @Test func `a row of transactions in the way has a second altogether, not each`() {
        #expect(
            steps([
                (0, 10, true), (600, 10, true), (700, 20, true), (900, 20, true), (1000, 20, true), (1100, 20, false),
                (9000, 30, true),
            ]) == [.wait, .wait, .wait, .wait, .endTransactions, .wait, .endTransactions])
    }
}
