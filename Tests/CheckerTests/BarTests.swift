import ClusterLab
import PlainText
import Testing

struct BarTests {
    @Test func `the median of an even number of values is the mean of the middle two`() {
        #expect(Series([900, 100, 300, 500]).median == 400)
        #expect(Series([900, 100, 300]).median == 300)
        #expect(Series([]).median == nil)
    }

    @Test(
        arguments: [
            ([1000, 1200, 2500], true), ([1000, 1201, 2500], false), ([1000, 1200, 2501], false), ([], false),
        ] as [([Int64], Bool)])
    func `a bar is met when median and maximum stay at or below it, and never without measurements`(
        values: [Int64], isMet: Bool
    ) {
        #expect(Bar(.outage, median: 1200, maximum: 2500).isMet(by: Series(values)) == isMet)
    }

    @Test func `numbers of a table stand to the right`() {
        let table = TextTable(header: ["operation", "ms"], rows: [["switchover", "7"], ["x", "1234"]])
        #expect(
            table.rendered() == """
                | operation  | ms   |
                |------------|------|
                | switchover |    7 |
                | x          | 1234 |
                """)
    }
}
