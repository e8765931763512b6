import Testing
import Units

@Suite struct TimingsTests {
    @Test(arguments: [Timings.fast, .standard, .tolerant])
    func `every profile satisfies the formula`(timings: Timings) {
        #expect(timings.validationError == nil)
        #expect(timings.ttl > timings.loopWait * 2)
    }

    @Test func `timings that leave no room for two retries are refused with the formula and the numbers`() throws {
        let timings = Timings(
            ttl: .seconds(25), loopWait: .seconds(10), retryTimeout: .seconds(10), fenceMargin: .seconds(3))
        let error = try #require(timings.validationError)
        #expect(error.contains("loopWait + 2·retryTimeout < ttl − fenceMargin"))
        #expect(error.contains("10 s + 2·10 s = 30 s"))
        #expect(error.contains("25 s − 3 s = 22 s"))
    }

    @Test func `each duration has its minimum`() {
        var timings = Timings.fast
        timings.fenceMargin = .milliseconds(499)
        #expect(timings.validationError == "fenceMargin is 0.499 s but must be at least 0.5 s")
    }
}
