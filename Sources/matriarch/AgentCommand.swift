import Agent
import AgentShell
import ArgumentParser
import Logging
import Observability
import Spawning

/// `matriarch agent`: runs a member. Started by `matriarch init`, configured by the operator.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Run a member: leader election, replication and failover.")

    @OptionGroup var logging: LoggingOptions

    func run() async throws {
        logging.bootstrap()
        let logger = Logger(label: "agent")
        do {
            let configuration = try AgentConfiguration(environment: ProcessEnvironment.variables())
            let signals = TerminationSignals()
            try await AgentProcess(configuration: configuration, logger: logger).run { await signals.wait() }
        } catch {
            // Nothing the agent could wait for: init ends as well, and the container's status shows it.
            logger.critical("\(error)")
            throw ExitCode(78)
        }
    }
}
