import ArgumentParser
import ClusterLab
import KubernetesModels
import PlainText

struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Measures our cluster and one of Patroni's in turn.",
        discussion: """
            Both have three members and default settings, stand on the same Kubernetes at the same time, and are written to by the \
            same client through their Services. The operations are done to them alternately.
            """)

    @OptionGroup var options: ClusterOptions

    @Option(help: "Only this operation; may be given more than once.")
    var operation: [String] = []

    @Option(help: "Runs of each operation on each side.")
    var runs = 10

    @Option(help: "File the outcomes are added to. Those that are in it already count, so that a run can go on.")
    var record: String

    @Option(help: "Image with Patroni, as scripts/patroni-image builds it.")
    var patroniImage: String

    @Option(help: "Namespace of Patroni's cluster; made when it is not there, and removed at the end.")
    var patroniNamespace = "patroni-bench"

    @Flag(help: "Exit with 1 when a bar is not met or a row of ours was lost.")
    var enforce = false

    @Flag(help: "Leave both clusters running.")
    var keep = false

    func validate() throws {
        let known = Comparison.operationNames
        if let unknown = operation.first(where: { !known.contains($0) }) {
            throw ValidationError("--operation \(unknown): there is none; known are \(known.joined(separator: ", "))")
        }
        if runs < 1 { throw ValidationError("--runs \(runs): must be at least 1") }
    }

    func run() async throws {
        let ours = try options.connect(defaultNamespace: "matriarch-bench")
        let comparison = Comparison(
            ours: ours, theirs: PatroniCluster(lab: ours.lab, namespace: patroniNamespace, image: patroniImage),
            record: try ComparisonRecord(path: record), operations: operation)
        let reports: [ComparisonReport]
        do {
            reports = try await comparison.run(runs)
        } catch {
            // The next run makes them anew, and takes up the record.
            ours.lab.progress.say("broken off: \(error)")
            if !keep { try await comparison.removeClusters() }
            throw error
        }
        options.show(
            TextTable(header: ComparisonReport.columns, rows: reports.map(\.row)), .array(reports.map(\.json)))
        for remark in reports.flatMap(\.remarks) { ours.lab.progress.say(remark) }
        if !keep { try await comparison.removeClusters() }
        if enforce, !reports.allSatisfy(\.isMet) { throw ExitCode.failure }
    }
}
