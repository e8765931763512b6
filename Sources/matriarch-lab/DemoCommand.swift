import ArgumentParser
import ClusterLab
import KubernetesModels
import PlainText

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Applies a cluster, writes, loses the leader, switches over.")

    @OptionGroup var options: ClusterOptions

    @Option(help: "The manifest to apply.")
    var manifest: String = "manifests/samples/minimal.yaml"

    func run() async throws {
        let cluster = try options.connect(defaultNamespace: "default")
        let demo = Demo(cluster: cluster, manifest: manifest)
        let results: [ScenarioResult]
        do {
            results = try await demo.run()
        } catch {
            cluster.lab.progress.say("the demonstration failed: \(error)\n\(await cluster.report())")
            throw ExitCode.failure
        }
        options.show(
            TextTable(header: ScenarioResult.columns, rows: results.map(\.cells)), .array(results.map(\.json)))
        if !results.allSatisfy(\.hasPassed) { throw ExitCode.failure }
    }
}
