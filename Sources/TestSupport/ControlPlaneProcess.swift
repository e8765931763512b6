import Glibc
import Spawning
import Synchronization

/// A long-lived child process with its output in a file. The janitor ends it when the test process dies.
final class ControlPlaneProcess: Sendable {
    let name: String
    let logPath: String
    private let identifier: Mutex<pid_t?>
    private let ended = Mutex<Int32?>(nil)

    /// - Parameter input: descriptor for standard input; /dev/null otherwise.
    init(
        name: String, _ arguments: [String], logPath: String, input: Int32? = nil, environment: [String] = []
    ) throws {
        self.name = name
        self.logPath = logPath
        var program = Program(arguments)
        program.environment = Dictionary(
            environment.map { variable in
                let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts.last ?? ""))
            }, uniquingKeysWith: { $1 })
        if program.environment?["PATH"] == nil {
            program.environment?["PATH"] = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        }
        program.input = input.map { .descriptor($0) } ?? .none
        program.output = .file(logPath)
        // A session of its own: an interrupt at the terminal is for the test process alone.
        identifier = Mutex(try program.start())
    }

    var processIdentifier: pid_t? { identifier.withLock { $0 } }

    /// Whether it still runs; an ended one is reaped.
    var isRunning: Bool {
        identifier.withLock { identifier in
            guard let child = identifier else { return false }
            var status: Int32 = 0
            if waitpid(child, &status, WNOHANG) == 0 { return true }
            identifier = nil
            let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
            ended.withLock { $0 = code }
            return false
        }
    }

    /// Once it has ended: the exit code, or 128 + n for signal n.
    var exitStatus: Int32? { isRunning ? nil : ended.withLock { $0 } }

    func signal(_ signal: Int32) {
        // Under the lock: an identifier that was reaped may belong to somebody else.
        identifier.withLock { identifier in
            if let child = identifier { _ = kill(child, signal) }
        }
    }

    /// Stops it, and returns when it stands still: until the last of its threads does, it may answer.
    func freeze() {
        identifier.withLock { identifier in
            guard let child = identifier else { return }
            _ = kill(child, SIGSTOP)
            var report = siginfo_t()
            // Also when it ends instead. Nothing is taken from whoever reaps it.
            while waitid(P_PID, id_t(child), &report, WSTOPPED | WEXITED | WNOWAIT) != 0, errno == EINTR {}
        }
    }

    /// Asks it to end, insists after a while, and waits until it has.
    func stop() async throws {
        signal(SIGCONT)
        signal(SIGTERM)
        do {
            try await eventually(within: .seconds(10), "\(name) ends") { !isRunning }
        } catch {
            signal(SIGKILL)
            try await eventually(within: .seconds(5), "\(name) ends after SIGKILL") { !isRunning }
        }
    }

    /// The end of its output, for messages.
    var logTail: String {
        guard let file = fopen(logPath, "r") else { return "" }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        fseek(file, max(0, ftell(file) - 3000), SEEK_SET)
        var buffer = [UInt8](repeating: 0, count: 3000)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
