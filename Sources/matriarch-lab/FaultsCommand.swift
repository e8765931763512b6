import ArgumentParser
import ClusterLab
import KubernetesModels
import PlainText
import Units

struct FaultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faults",
        abstract: "One fault at a time, many times, against agents and PostgreSQL on this machine.",
        discussion: "Needs root and what scripts/packages and scripts/kubernetes-build bring; no running Kubernetes.")

    @OptionGroup var options: LocalOptions

    @Option(help: "Only this scenario; may be given more than once.")
    var scenario: [String] = []

    @Option(name: [.long, .customShort("n")], help: "Runs of each scenario.")
    var n = 20

    @Option(help: "Clusters that work at the same time.")
    var clusters = 3

    @Option(help: "Seconds for scenarios that last as long as they are told.")
    var duration = 600

    @Flag(help: "Exit with 1 when a bar is not met.")
    var enforce = false

    @Flag(help: "List the scenarios and faults, and do nothing.")
    var list = false

    func validate() throws {
        try options.validate()
        let known = LocalScenario.all.map(\.name)
        if let unknown = scenario.first(where: { !known.contains($0) }) {
            throw ValidationError("--scenario \(unknown): there is none; known are \(known.joined(separator: ", "))")
        }
        if options.mode == .off,
            let unfit = LocalScenario.all.first(where: { $0.needsSynchronous && scenario.contains($0.name) })
        {
            throw ValidationError("--scenario \(unfit.name): needs --mode on or --mode quorum")
        }
        if n < 1 { throw ValidationError("--n \(n): must be at least 1") }
    }

    func run() async throws {
        guard !list else {
            print(
                TextTable(header: ["scenario", "what"], rows: LocalScenario.all.map { [$0.name, $0.title] }).rendered())
            print(
                TextTable(header: ["fault", "what"], rows: Fault.allCases.map { [$0.rawValue, $0.title] }).rendered())
            return
        }
        let progress = Progress()
        let bench = LocalBench(
            profile: try options.localProfile(), runs: n, clusters: clusters, duration: .seconds(duration),
            progress: progress)
        var reports: [MeasurementReport] = []
        for scenario in LocalScenario.all where self.scenario.isEmpty || self.scenario.contains(scenario.name) {
            // Only where all were asked for.
            if scenario.needsSynchronous, options.mode == .off { continue }
            progress.say("\(scenario.name): \(scenario.title), n = \(n)")
            let report = try await bench.run(scenario)
            for row in report.rows { progress.say(row.joined(separator: " | ")) }
            reports.append(report)
        }
        options.show(
            TextTable(header: MeasurementReport.columns, rows: reports.flatMap(\.rows)), .array(reports.map(\.json)),
            document: [FaultDocument.table(of: reports, profile: options.profile, mode: options.mode)])
        for remark in reports.flatMap(\.remarks) { progress.say(remark) }
        if enforce, !reports.allSatisfy(\.isMet) { throw ExitCode.failure }
    }
}
