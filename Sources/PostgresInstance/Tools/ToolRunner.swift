import CLinux
import Glibc
import Logging
import ServerControl
import Subprocess
import SystemPackage

/// Runs PostgreSQL's programs: bounded in time, without secrets in arguments, environment or log.
struct ToolRunner: Sendable {
    let layout: InstanceLayout
    let logger: Logger

    /// How many lines of standard error an error quotes.
    private static let quotedLines = 20

    /// Runs a program to its end.
    ///
    /// - Parameter progress: gets every line of standard error as it is written.
    /// - Throws: ``InstanceError`` `.toolFailed` with what it said, `.timeout` after the program has been ended, or
    ///   `CancellationError`.
    func run(
        _ tool: Tool, progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Tool.Output {
        try await withThrowingTaskGroup(of: Tool.Output?.self) { group in
            group.addTask { try await execute(tool, progress: progress) }
            group.addTask {
                try await Task.sleep(for: tool.deadline)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let output = first else {
                // Leaving the group waits until the teardown has ended the program.
                throw InstanceError(.timeout, "\(tool.program) did not end within \(tool.deadline)")
            }
            return output
        }
    }

    private func execute(
        _ tool: Tool, progress: @escaping @Sendable (String) -> Void
    ) async throws -> Tool.Output {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
        ]
        var environment = ChildEnvironment.scrubbed()
        environment["LC_ALL"] = "C"
        environment["PGPASSFILE"] = layout.passwordFile
        environment.merge(tool.variables) { _, given in given }
        let quoted = Self.quotedLines
        let input = try Self.standardInput(tool.input)
        defer { close(input.rawValue) }
        // Not the library's own user options: after a fork of a process with threads glibc's setgroups can wait for ever.
        let program = tool.program.hasPrefix("/") ? tool.program : layout.binaries.path(tool.program)
        let nice = tool.niceness == 0 ? [] : ["nice", "-n", String(tool.niceness)]
        let command = nice + layout.asServerUser([program] + tool.arguments)
        let result = try await Subprocess.run(
            command[0].hasPrefix("/") ? .path(FilePath(command[0])) : .name(command[0]),
            arguments: Arguments(Array(command.dropFirst())),
            environment: .custom(
                Dictionary(
                    environment.compactMap { name, value in Environment.Key(rawValue: name).map { ($0, value) } },
                    uniquingKeysWith: { first, _ in first })),
            workingDirectory: FilePath(tool.workingDirectory),
            platformOptions: options,
            input: .fileDescriptor(input, closeAfterSpawningProcess: false),
            output: .string(limit: 1 << 20),
            error: .sequence
        ) { execution in
            var lines: [String] = []
            for try await line in execution.standardError.strings() {
                progress(line)
                lines.append(line)
                if lines.count > quoted { lines.removeFirst() }
            }
            return lines
        }
        let status = result.terminationStatus
        let standardOutput = result.standardOutput
        let messages = result.closureResult
        guard status.isSuccess else {
            try Task.checkCancellation()
            throw InstanceError(
                .toolFailed, "\(tool.program) ended with \(status): \(messages.joined(separator: " | "))")
        }
        return Tool.Output(standardOutput: standardOutput, messages: messages)
    }

    /// A file and no pipe: nobody has to write while the program runs, so one that ends without having read says why, and not
    /// that a pipe is broken. It is in memory alone: there may be a verifier in it.
    private static func standardInput(_ text: String?) throws(InstanceError) -> FileDescriptor {
        let descriptor: Int32
        if let text {
            let bytes = Array(text.utf8)
            descriptor = clinux_memory_file(bytes, Int64(bytes.count))
        } else {
            descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw InstanceError(.file, "cannot make the standard input of a program") }
        return FileDescriptor(rawValue: descriptor)
    }
}

extension InstanceLayout {
    /// The command as the server's user runs it.
    func asServerUser(_ command: [String]) -> [String] {
        guard let user = runAs else { return command }
        return ["setpriv", "--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups", "--"] + command
    }

    /// libpq's password file for the server's walreceiver, the tools and the agent.
    var passwordFile: String { "\(runtimeDirectory)/pgpass" }
}
