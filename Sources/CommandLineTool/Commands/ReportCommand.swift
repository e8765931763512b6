import ArgumentParser
import Glibc
import KubernetesClient
import KubernetesModels

/// `matriarch report`: a bundle for who is to find a fault.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write what a report of a fault needs into an archive, without secrets.",
        discussion: """
            The resource, the Pods, Services and records of the cluster, Events, logs and versions, as far as you may read them; \
            problems.txt says what was not. Values of Secrets, and whatever looks like a password, are taken out; look through the \
            archive all the same before you give it away.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("The archive; otherwise matriarch-report-<cluster>-<time>.tar.gz.", valueName: "file"))
    var file: String?

    func run() async throws {
        guard ChildProgram.isInstalled("tar"), ChildProgram.isInstalled("gzip") else {
            throw CommandError("tar and gzip are needed, and not in PATH")
        }
        let client = try connection.client()
        let watch = Stopwatch()
        let time = Timestamp.now().description.replacing(":", with: "")
        let name = "matriarch-report-\(cluster)-\(time)"
        let bundle = ReportBundle(client: client, cluster: cluster, namespace: client.configuration.namespace)
        let files = try await bundle.files { Terminal.note("\(watch.text): \($0)") }
        let archive = file ?? "\(name).tar.gz"
        // Nobody else reads it, here or in the archive.
        umask(0o077)
        var folder = try PrivateFolder()
        defer { folder.remove() }
        for file in files { try folder.write(file.text, to: "\(name)/\(file.name)") }
        let status = try ChildProgram(["tar", "-czf", archive, "-C", folder.path, name]).run()
        guard status == 0 else { throw CommandError("tar ended with status \(status)") }
        print("Success: \(archive), \(files.count) files in \(watch.text)")
    }
}
