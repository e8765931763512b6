import ArgumentParser
import ClusterLab
import KubernetesModels
import PlainText

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures the scenarios and compares them with their bars.")

    @OptionGroup var options: ClusterOptions

    @Option(help: "Only this scenario; may be given more than once.")
    var scenario: [String] = []

    @Option(help: "Runs of each scenario instead of the usual number.")
    var runs: Int?

    @Flag(help: "Exit with 1 when a bar is not met or a row was lost.")
    var enforce = false

    @Flag(help: "Leave the cluster of the measurements running.")
    var keep = false

    func validate() throws {
        let known = Measurement.all.map(\.scenario.name)
        if let unknown = scenario.first(where: { !known.contains($0) }) {
            throw ValidationError("--scenario \(unknown): there is none; known are \(known.joined(separator: ", "))")
        }
        if let runs, runs < 1 { throw ValidationError("--runs \(runs): must be at least 1") }
    }

    func run() async throws {
        let cluster = try options.connect(defaultNamespace: "matriarch-bench")
        let measurements = Measurement.all
            .filter { scenario.isEmpty || scenario.contains($0.scenario.name) }
            .map { Measurement($0.scenario, runs: runs ?? $0.runs, bars: $0.bars) }
        let reports = try await Bench(cluster: cluster).run(measurements) { report in
            for row in report.rows { cluster.lab.progress.say(row.joined(separator: " | ")) }
        }
        options.show(
            TextTable(header: MeasurementReport.columns, rows: reports.flatMap(\.rows)), .array(reports.map(\.json)))
        for remark in reports.flatMap(\.remarks) { cluster.lab.progress.say(remark) }
        if !keep {
            try await cluster.delete()
            try await cluster.removeNamespace()
        }
        if enforce, !reports.allSatisfy(\.isMet) { throw ExitCode.failure }
    }
}
