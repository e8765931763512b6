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
        let contents = await bundle.contents { Terminal.note("\(watch.text): \($0)") }
        if let warning = contents.warning { Terminal.note(warning) }
        guard !contents.files.allSatisfy({ Self.isEmpty($0) }) else {
            throw CommandError(contents.problems.first ?? "nothing of cluster \(cluster) could be read")
        }
        let archive = file ?? "\(name).tar.gz"
        // Nobody else reads it, here or in the archive.
        umask(0o077)
        var folder = try PrivateFolder()
        defer { folder.remove() }
        for file in contents.files { try folder.write(file.text, to: "\(name)/\(file.name)") }
        let output = open(archive, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw CommandError("cannot write \(archive): \(String(cString: strerror(errno)))") }
        defer { close(output) }
        // A file that was there may be open to others.
        var state = stat()
        if fstat(output, &state) == 0, state.st_mode & S_IFMT == S_IFREG, fchmod(output, 0o600) != 0 {
            throw CommandError("\(archive) is somebody else's: \(String(cString: strerror(errno)))")
        }
        // By descriptor: tar would take a name with a colon for another machine's.
        var tar = ChildProgram(["tar", "-czf", "/dev/fd/\(output)", "-C", folder.path, name])
        tar.kept = [output]
        let status = try tar.run()
        guard status == 0 else { throw CommandError("tar ended with status \(status)") }
        print("Success: \(archive), \(contents.files.count) files in \(watch.text)")
    }

    /// Whether it tells nothing of the cluster.
    private static func isEmpty(_ file: ReportBundle.File) -> Bool {
        ["versions.txt", "problems.txt"].contains(file.name) || file.name.hasPrefix("logs/operator-")
            || file.text == "[]\n"
    }
}
