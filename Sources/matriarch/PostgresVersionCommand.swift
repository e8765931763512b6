import ArgumentParser
import ClusterRecords
import Glibc
import PostgresConfiguration
import PostgresInstance
import Spawning

/// `matriarch postgres-version`: says which PostgreSQL this image has, before any member runs it.
struct PostgresVersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postgres-version", abstract: "Print the version of this image's PostgreSQL, such as 17.12.",
        discussion: """
            It is also written to the container's termination message, where the operator reads it, together with what the \
            image's agent can if \(ImageAnswer.question)=\(ImageAnswer.everything) asks for it.
            """)

    @Option(help: "File for the version besides standard output; one that does not exist is not made.")
    var terminationMessage = "/dev/termination-log"

    func run() async throws {
        let version: ServerVersion
        do {
            version = try await PostgresBinaries.locate().version()
        } catch {
            print("\(error)")
            throw ExitCode(78)
        }
        let isAskedForAll = ProcessEnvironment.variables()[ImageAnswer.question] == ImageAnswer.everything
        let answer = ImageAnswer(version: "\(version)", hasProbePort: true)
        print(version)
        try write(isAskedForAll ? answer.text : answer.version)
    }

    private func write(_ text: String) throws {
        let descriptor = open(terminationMessage, O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard descriptor >= 0 else {
            // Outside a container there is none.
            guard errno == ENOENT else {
                throw ValidationError("\(terminationMessage): \(String(cString: strerror(errno)))")
            }
            return
        }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw ValidationError("\(terminationMessage): \(String(cString: strerror(errno)))")
        }
    }
}
