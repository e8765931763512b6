import AgentAPI
import ArgumentParser
import ControllerRuntime
import Logging
import Observability
import Operator
import Spawning

/// `matriarch operator`: looks after PostgresClusters. Configured by its Deployment.
struct OperatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operator", abstract: "Run the operator: turn PostgresClusters into Pods, Services and intent.")

    @Option(help: "Port of /healthz, /readyz and /metrics.")
    var port = 8080

    @OptionGroup var logging: LoggingOptions

    func run() async throws {
        logging.bootstrap()
        let logger = Logger(label: "operator")
        let health = OperatorHealth()
        let process = OperatorProcess(
            configuration: OperatorConfiguration(environment: ProcessEnvironment.variables()), health: health,
            logger: logger)
        let server = StatusServer(
            port: port, logger: logger,
            routes: [
                "/healthz": { .text(health.healthz.text, status: health.healthz.status) },
                "/readyz": { .text(health.readyz.text, status: health.readyz.status) },
                "/metrics": { .metrics(health.metrics) },
            ])
        let signals = TerminationSignals()
        let outcome = try await withThrowingTaskGroup(of: OperatorProcess.Outcome?.self) { group in
            group.addTask { try await process.run() }
            group.addTask {
                await signals.wait()
                return nil
            }
            let serving = Task { try await server.run() }
            defer { serving.cancel() }
            var outcome: OperatorProcess.Outcome?
            // A signal, or the process's own end: either cancels the other.
            while let result = try await group.next() {
                outcome = result ?? outcome
                group.cancelAll()
            }
            return outcome
        }
        if outcome == .lost { throw ExitCode.failure }
    }
}
