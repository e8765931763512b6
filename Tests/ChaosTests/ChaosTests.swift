import ClusterLab
import HighAvailability
import Testing

/// Tier L with faults: agents and PostgreSQL in sandboxes of this machine, under writers. One run after the other.
///
/// Longer runs and many repetitions: `matriarch-lab chaos`, `matriarch-lab faults`.
@Suite(.serialized)
struct ChaosTests {
    /// Short enough for a test, long enough for a machine that does something else as well.
    private static let timings = Timings(
        ttl: .seconds(6), loopWait: .seconds(1), retryTimeout: .milliseconds(1500), fenceMargin: .seconds(1))

    @Test(
        arguments: [
            (5, [.killInit, .killAgent, .killPostmaster, .stopAgent, .configuration, .switchover]),
            (12, [.isolate, .cutPeersIncoming, .cutAPIAnswers, .stopPostmaster, .slowAPI, .unluckyAPI]),
        ] as [(UInt64, [Fault])])
    func `random faults of fixed seeds leave one primary, one timeline path and every member streaming`(
        seed: UInt64, faults: [Fault]
    ) async throws {
        var chaos = ChaosRun(
            seed: seed, duration: .seconds(12), profile: LocalProfile(timings: Self.timings), faults: faults)
        chaos.longest = .seconds(9)
        let report = try await chaos.run(progress: Progress(isQuiet: true))
        #expect(report.problems == [])
        #expect(!report.faults.isEmpty)
        #expect(try #require(report.verdict).acknowledged > 100)
        #expect(report.verdict?.formerPrimaryCount == 0)
    }

    @Test(arguments: [LocalScenario.agentStopped, .cutOff])
    func `a primary that cannot renew acknowledges nothing once another leads`(scenario: LocalScenario) async throws {
        let bench = LocalBench(
            profile: LocalProfile(timings: Self.timings), runs: 1, clusters: 1, duration: .zero,
            progress: Progress(isQuiet: true))
        let report = try await bench.run(scenario)
        #expect(report.remarks == [])
        #expect(report.isMet)
    }
}
