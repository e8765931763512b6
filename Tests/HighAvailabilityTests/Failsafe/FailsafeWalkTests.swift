import HighAvailability
import Testing
import Units

@Suite struct FailsafeWalkTests {
    /// Leader, members and newcomer run the shipping rules; links, delays and losses come from the seed.
    @Test func `nobody takes the lock while a leader lives on its members' consent`() {
        var takeovers = 0
        var learned = 0
        var longest = Duration.zero
        for seed in 0..<800 {
            var world = FailsafeWorld(seed: UInt64(seed))
            if let violation = world.run(for: .seconds(120)) {
                Issue.record("seed \(seed): \(violation)")
                return
            }
            takeovers += world.takeovers
            learned += world.learned
            longest = max(longest, world.longestByConsent)
        }
        // The worlds are worth something only if all of it happens in them.
        #expect(takeovers > 100)
        #expect(learned > 10)
        #expect(longest > Timings.fast.ttl * 2)
    }
}
