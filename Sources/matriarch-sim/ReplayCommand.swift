import ArgumentParser
import Simulation

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Runs one seed again and prints what happened.")

    @Argument(help: "The seed.") var seed: UInt64
    @Flag(help: "Leave out every fault the violation does not need.") var shrink = false

    func run() throws {
        var plan = RunPlan(seed: seed)
        if shrink, let violation = Simulator.run(plan).violation {
            plan = Simulator.shrink(plan, invariant: violation.invariant)
        }
        let report = Simulator.run(plan, tracing: true)
        print(plan.summary)
        for line in report.trace { print(line) }
        print(
            "\(report.steps) steps, \(report.acknowledgements) acknowledged, \(report.lost) lost, hash \(report.traceHash)"
        )
        if report.violation != nil { throw ExitCode.failure }
    }
}
