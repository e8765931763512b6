import ArgumentParser
import ClusterLab
import KubernetesModels
import PlainText
import Units

struct ChaosCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Random faults from a seed against agents and PostgreSQL on this machine, under writers.",
        discussion: """
            Needs root and what scripts/packages and scripts/kubernetes-build bring; no running Kubernetes. The same seed \
            brings the same faults at the same times. A run that fails leaves history, logs and seed in a folder.
            """)

    @OptionGroup var options: LocalOptions

    @Option(help: "The first seed; a random one unless given.")
    var seed: UInt64?

    @Option(help: "How many seeds, one after the other.")
    var runs = 1

    @Option(help: "Seconds after which no new round of faults begins.")
    var duration = 600

    @Option(help: "Only these faults; may be given more than once.")
    var fault: [String] = []

    @Option(help: "Where a failing run leaves everything; /tmp/matriarch-chaos-SEED unless given.")
    var folder: String?

    @Flag(help: "Leave everything there after a run that passed as well.")
    var keep = false

    func validate() throws {
        try options.validate()
        if let unknown = fault.first(where: { Fault(rawValue: $0) == nil }) {
            throw ValidationError(
                "--fault \(unknown): there is none; known are "
                    + Fault.allCases.map(\.rawValue).joined(separator: ", "))
        }
        if runs < 1 { throw ValidationError("--runs \(runs): must be at least 1") }
        if duration < 1 { throw ValidationError("--duration \(duration): must be at least 1") }
    }

    func run() async throws {
        let first = seed ?? UInt64.random(in: 1...999_999)
        let faults = fault.compactMap(Fault.init)
        var reports: [ChaosReport] = []
        for number in 0..<UInt64(runs) {
            var chaos = ChaosRun(
                seed: first + number, duration: .seconds(duration), profile: try options.localProfile(),
                faults: faults.isEmpty ? nil : faults, folder: folder)
            chaos.isKept = keep
            let report = try await chaos.run(progress: Progress())
            for problem in report.problems { Progress().say("PROBLEM: \(problem)") }
            for note in report.notes { Progress().say("note: \(note)") }
            reports.append(report)
        }
        options.show(
            TextTable(header: ChaosReport.columns, rows: reports.map(\.cells)), .array(reports.map(\.json)),
            document: FaultDocument.tables(of: reports))
        if !reports.allSatisfy(\.hasPassed) { throw ExitCode.failure }
    }
}
