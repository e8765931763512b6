import Glibc
import Synchronization

/// A long-lived child process with its output in a file. The janitor ends it when the test process dies.
final class ControlPlaneProcess: Sendable {
    struct SpawnError: Error, CustomStringConvertible {
        let description: String
    }

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
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Nothing of ours is inherited: a child must not hold a lock or a pipe of whoever runs the tests.
        for descriptor in Int32(3)..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        // A session of its own: an interrupt at the terminal is for the test process alone.
        let argumentVector = (["setsid"] + arguments).map { strdup($0) } + [nil]
        let search = environment.contains { $0.hasPrefix("PATH=") } ? [] : ["PATH=\(path)"]
        let environmentVector = (search + environment).map { strdup($0) } + [nil]
        defer { for pointer in argumentVector + environmentVector { free(pointer) } }
        var child = pid_t()
        let result = posix_spawnp(&child, "setsid", &actions, &attributes, argumentVector, environmentVector)
        guard result == 0 else {
            throw SpawnError(description: "\(arguments[0]): \(String(cString: strerror(result)))")
        }
        identifier = Mutex(child)
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
