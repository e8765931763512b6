import ArgumentParser
import Glibc
import Simulation
import Synchronization

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs many seeds; a violation prints its seed and its smallest trace.")

    @Option(help: "How many seeds.") var seeds: UInt64 = 10_000
    @Option(help: "The first seed.") var from: UInt64 = 0
    @Option(help: "How many at a time.") var jobs = 2
    @Option(help: "Stop after this many violations.") var violations = 1

    func run() throws {
        let runner = Runner(seeds: seeds, from: from, violationLimit: violations)
        let clock = ContinuousClock()
        let start = clock.now
        runner.run(jobs: jobs) { done, failed in
            print("\(done) of \(seeds) seeds, \(Self.text(clock.now - start))")
            for report in failed { print(Self.text(report)) }
            // Hours of seeds go into a file, and whoever reads it wants to know now.
            fflush(nil)
        }
        print(runner.table(elapsed: Self.text(clock.now - start)))
        for report in runner.failures {
            guard let violation = report.violation else { continue }
            print("\n" + Self.text(report))
            let plan = Simulator.shrink(RunPlan(seed: report.seed), invariant: violation.invariant)
            print(plan.summary)
            for line in Simulator.run(plan, tracing: true).trace.suffix(80) { print("  " + line) }
            print("again: matriarch-sim replay \(report.seed)")
        }
        if !runner.failures.isEmpty { throw ExitCode.failure }
    }

    private static func text(_ report: Simulator.Report) -> String {
        "seed \(report.seed): " + (report.violation.map { "\($0.invariant.rawValue): \($0.text)" } ?? "no violation")
    }

    static func text(_ duration: Duration) -> String {
        let tenths = duration.components.seconds * 10 + duration.components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
