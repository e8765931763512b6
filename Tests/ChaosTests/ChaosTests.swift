import ClusterLab
import Testing
import Units

/// Tier L with faults: agents and PostgreSQL in sandboxes of this machine, under writers. One run after the other.
///
/// Longer runs and many repetitions: `matriarch-lab chaos`, `matriarch-lab faults`.
@Suite(.serialized)
struct ChaosTests {
    /// Short enough for a test, long enough for a machine that does something else as well.
    private static let timings = Timings(
        ttl: .seconds(6), loopWait: .seconds(1), retryTimeout: .milliseconds(1500), fenceMargin: .seconds(1))

    /// Waiting is most of it, so they run at the same time.
    private static let runs: [(seed: UInt64, faults: [Fault])] = [
        (5, [.killInit, .killAgent, .killPostmaster, .stopAgent, .configuration, .switchover]),
        (12, [.isolate, .cutPeersIncoming, .cutAPIAnswers, .stopPostmaster, .slowAPI, .unluckyAPI]),
        (2, [.clockAhead, .clockBehind, .starve, .starveOut, .killInit]),
    ]

    @Test func `random faults of fixed seeds leave one primary, one timeline path and every member streaming`()
        async throws
    {
        try await withThrowingTaskGroup(of: ChaosReport.self) { group in
            for run in Self.runs {
                var chaos = ChaosRun(
                    seed: run.seed, duration: .seconds(12), profile: LocalProfile(timings: Self.timings),
                    faults: run.faults)
                chaos.longest = .seconds(9)
                let prepared = chaos
                group.addTask { try await prepared.run(progress: Progress(isQuiet: true)) }
            }
            for try await report in group {
                #expect(report.problems == [])
                #expect(!report.faults.isEmpty)
                let verdict = try #require(report.verdict)
                #expect(verdict.acknowledged > 100)
                #expect(verdict.formerPrimaryCount == 0)
            }
        }
    }

    @Test func `a primary that cannot renew acknowledges nothing once another leads`() async throws {
        try await meetTheirBars([(.agentStopped, .off), (.cutOff, .off), (.voteStorm, .quorum)])
    }

    @Test func `stepped clocks change no role, and a starved leader keeps the lock or is fenced`() async throws {
        try await meetTheirBars([
            (.leaderClockStepped, .off), (.clocksApartFailover, .quorum), (.leaderStarvedOut, .quorum),
        ])
    }

    private func meetTheirBars(_ runs: [(LocalScenario, LocalProfile.Mode)]) async throws {
        try await withThrowingTaskGroup(of: MeasurementReport.self) { group in
            for (scenario, mode) in runs {
                let bench = LocalBench(
                    profile: LocalProfile(timings: Self.timings, mode: mode), runs: 1, clusters: 1, duration: .zero,
                    progress: Progress(isQuiet: true))
                group.addTask { try await bench.run(scenario) }
            }
            for try await report in group {
                #expect(report.remarks == [])
                #expect(report.isMet)
            }
        }
    }
}
