import ArgumentParser
import CommandLineTool

/// The one binary: operator, agent, PID 1 and command line.
struct Matriarch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matriarch",
        abstract: "Keeps PostgreSQL highly available on Kubernetes.",
        discussion: "`matriarch init -- PROGRAM` is PID 1 of a member's container; see docs/internals/protocol.md.",
        subcommands: [AgentCommand.self, OperatorCommand.self, PostgresVersionCommand.self, CompletionCommand.self]
            + ClientCommands.all)

    /// Parses the command line and runs the command it names.
    static func run() async {
        await main()
    }
}
