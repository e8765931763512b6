import CLinux
import Glibc
import Spawning
import Synchronization

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

    /// The program that runs; 0: none, -1: none yet, and it is to end at once. Read by a signal handler.
    private static let running = Atomic<pid_t>(0)

    /// Runs it on the terminal of this process, and waits for its end. Keys that interrupt reach the program alone; whoever ends
    /// this process ends the program, and this goes on to clean up.
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
        Self.running.store(0, ordering: .sequentiallyConsistent)
        let termination = signal(SIGTERM) { _ in
            let process = ChildProgram.running.load(ordering: .sequentiallyConsistent)
            if process > 0 {
                kill(process, SIGTERM)
            } else {
                ChildProgram.running.store(-1, ordering: .sequentiallyConsistent)
            }
        }
        defer {
            for (number, handler) in former { _ = signal(number, handler) }
            _ = signal(SIGTERM, termination)
        }
        let process: pid_t
        do {
            process = try program.start()
        } catch {
            throw CommandError("\(error)")
        }
        if Self.running.exchange(process, ordering: .sequentiallyConsistent) < 0 { kill(process, SIGTERM) }
        defer { Self.running.store(0, ordering: .sequentiallyConsistent) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else {
                throw CommandError("lost sight of \(command[0]): \(String(cString: strerror(errno)))")
            }
        }
        return clinux_exit_code(status)
    }

    /// Whether `PATH` leads to it.
    static func isInstalled(_ name: String) -> Bool {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
    }
}
