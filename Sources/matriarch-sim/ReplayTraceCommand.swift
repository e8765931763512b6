import ArgumentParser
import FoundationEssentials
import HighAvailability
import Simulation

struct ReplayTraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay-trace",
        abstract: "Decides again what an agent recorded with MATRIARCH_TRACE, and reports the first line that differs.")

    @Argument(help: "The agent's trace: one JSON object a line.") var file: String

    func run() throws {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        var replay = TraceReplay()
        var actions: [String: Int] = [:]
        // What an agent was writing when it was killed has no line end.
        let whole = text.hasSuffix("\n") ? text[...] : text.prefix(through: text.lastIndex(of: "\n") ?? text.startIndex)
        for (index, line) in whole.split(separator: "\n").enumerated() {
            let traced: TracedDecision
            do {
                traced = try JSONDecoder().decode(TracedDecision.self, from: Data(line.utf8))
            } catch {
                print("line \(index + 1) cannot be read; was it recorded by another version? \(error)")
                throw ExitCode.failure
            }
            if let finding = replay.take(traced) {
                print("line \(index + 1): \(finding)")
                throw ExitCode.failure
            }
            actions["\(traced.decision.action)".prefix { $0 != "(" }.description, default: 0] += 1
        }
        for (action, count) in actions.sorted(by: { $0.key < $1.key }) { print("\(action) \(count)") }
        print("\(replay.cycles) cycles, every decision as recorded")
    }
}
