import ArgumentParser
import Simulation

struct ExploreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore", abstract: "Explores every order of events in a small cluster, up to a depth.")

    @Option(help: "How many members.") var members = 3
    @Option(help: "How many steps.") var depth = 13
    @Option(help: "Stop at this many states.") var states = 3_000_000

    func run() throws {
        let clock = ContinuousClock()
        let start = clock.now
        let report = Explorer(members: members).explore(depth: depth, limit: states) { depth, states in
            print("depth \(depth): \(states) states, \(RunCommand.text(clock.now - start))")
        }
        print(
            "\(report.states) states, \(report.transitions) transitions, depth \(report.depth)"
                + (report.isComplete ? ", complete" : "") + ", \(RunCommand.text(clock.now - start)), "
                + "\(report.violation == nil ? 0 : 1) violations")
        if let violation = report.violation {
            print(violation)
            throw ExitCode.failure
        }
    }
}
