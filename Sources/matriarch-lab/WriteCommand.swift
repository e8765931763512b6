import ArgumentParser
import ClusterLab
import PlainText

struct WriteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Inserts a row every 20 ms through the Service and checks them at the end.")

    @OptionGroup var options: ClusterOptions

    @Option(help: "For how many seconds.")
    var seconds: Int = 60

    @Option(help: "Write every attempt as one JSON line to this file.")
    var history: String?

    func run() async throws {
        let cluster = try options.connect(defaultNamespace: "default")
        let result = try await cluster.write(for: .seconds(seconds), history: history)
        options.show(TextTable(header: ScenarioResult.columns, rows: [result.cells]), result.json)
        if !result.hasPassed { throw ExitCode.failure }
    }
}
