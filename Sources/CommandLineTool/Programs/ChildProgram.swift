import CLinux
import Glibc
import Spawning

/// A program that takes the terminal over until it ends.
struct ChildProgram {
    var command: [String]
    /// nil: this process's.
    var environment: [String: String]?
    /// Descriptors it gets beside the streams.
    var kept: Set<Int32> = []

    init(_ command: [String], environment: [String: String]? = nil) {
        self.command = command
        self.environment = environment
    }

    /// Runs it on the terminal of this process, and waits for its end. Keys that interrupt reach the program alone.
    ///
    /// - Returns: the status a shell would report.
    /// - Throws: ``CommandError`` when it cannot be started.
    func run() throws -> Int32 {
        var program = Program(command)
        program.environment = environment
        program.kept = kept
        program.input = .inherited
        program.grouping = .inherited
        // As a shell does while a program runs before it. The end of the terminal ends the program, and this goes on to clean up.
        let former = [SIGINT, SIGQUIT, SIGHUP].map { ($0, signal($0, SIG_IGN)) }
        defer { for (number, handler) in former { _ = signal(number, handler) } }
        let process: pid_t
        do {
            process = try program.start()
        } catch {
            throw CommandError("\(error)")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else {
                throw CommandError("lost sight of \(command[0]): \(String(cString: strerror(errno)))")
            }
        }
        return clinux_exit_code(status)
    }

    /// The environment of this process.
    static var environment: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    /// Whether `PATH` leads to it.
    static func isInstalled(_ name: String) -> Bool {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
    }
}
