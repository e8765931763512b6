import ArgumentParser
import ClusterLab
import KubernetesModels
import PlainText

/// Drives a real cluster: demonstration, measurements, and a plain writer.
@main
struct MatriarchLab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matriarch-lab", abstract: "Drives a real cluster. For development only.",
        subcommands: [
            DemoCommand.self, BenchCommand.self, CompareCommand.self, WriteCommand.self, ChaosCommand.self,
            FaultsCommand.self,
        ])
}

/// Which cluster.
struct ClusterOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Namespace of the cluster; made when it is not there.")
    var namespace: String?

    @Option(help: "Name of the PostgresCluster.")
    var cluster: String = "demo"

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output: Output = .table

    enum Output: String, ExpressibleByArgument {
        case table
        case json
    }

    func connect(defaultNamespace: String) throws -> LabCluster {
        LabCluster(
            lab: try Lab.connect(progress: Progress()), namespace: namespace ?? defaultNamespace, name: cluster)
    }

    func show(_ table: @autoclosure () -> TextTable, _ json: @autoclosure () -> JSONValue) {
        switch output {
        case .table: print(table().rendered())
        case .json: print(json().prettyPrinted())
        }
    }
}
