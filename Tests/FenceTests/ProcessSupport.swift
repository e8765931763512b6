import Fence
import Glibc
import Testing
import Units

/// A failed wait, with what was seen last.
struct NotReached: Error, CustomStringConvertible {
    let description: String
}

/// Looks until `observe` returns a value, and says what it saw last when time is up.
func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(10), _ observe: () -> (Value?, String)
) throws -> Value {
    let end = BootClock.now() + limit
    while true {
        let (value, observation) = observe()
        if let value { return value }
        if BootClock.now() > end { throw NotReached(description: "\(what): not within \(limit); last: \(observation)") }
        usleep(500)
    }
}

/// Runs a program with exactly this environment; `blocking` are the signals it starts with blocked.
func spawn(
    _ program: String, _ arguments: [String], environment: [String] = [], errorFile: String? = nil,
    blocking: [Int32] = []
) throws -> Int32 {
    var attributes = posix_spawnattr_t()
    var actions = posix_spawn_file_actions_t()
    posix_spawnattr_init(&attributes)
    posix_spawn_file_actions_init(&actions)
    defer {
        posix_spawnattr_destroy(&attributes)
        posix_spawn_file_actions_destroy(&actions)
    }
    var mask = sigset_t()
    sigemptyset(&mask)
    for signal in blocking { sigaddset(&mask, signal) }
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    if let errorFile {
        posix_spawn_file_actions_addopen(&actions, 2, errorFile, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    }
    var vector: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for text in vector + variables { free(text) } }
    var child: Int32 = 0
    let result = posix_spawn(&child, program, &actions, &attributes, &vector, &variables)
    guard result == 0 else { throw NotReached(description: "\(program): \(String(cString: strerror(result)))") }
    return child
}

/// Waits for a child of this process; returns the raw wait status.
@discardableResult
func awaitExit(_ process: Int32, within limit: Duration = .seconds(10)) throws -> Int32 {
    try eventually("exit of process \(process)", within: limit) {
        var status: Int32 = 0
        let result = waitpid(process, &status, WNOHANG)
        return (result == process ? status : nil, state(of: process))
    }
}

/// The exit code, or 128 + signal.
func exitCode(_ status: Int32) -> Int32 {
    status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
}

/// The state letter of `/proc/PID/stat`, or `gone`.
func state(of process: Int32) -> String {
    guard let text = contents(of: "/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return "gone" }
    return text[text.index(after: end)...].split(separator: " ").first.map(String.init) ?? "gone"
}

/// Neither gone nor a zombie.
func isAlive(_ process: Int32) -> Bool { !["gone", "Z", "X"].contains(state(of: process)) }

func contents(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let size = read(descriptor, &buffer, buffer.count), size > 0 { bytes += buffer.prefix(size) }
    return String(decoding: bytes, as: UTF8.self)
}

func write(_ text: String, to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o700)
    _ = text.withCString { Glibc.write(descriptor, $0, strlen($0)) }
    close(descriptor)
}

/// A folder that is removed, with the processes a test started in it, when the test ends.
final class Sandbox {
    let path: String
    /// PGDATA as init sees it: a symbolic link, as a mounted volume often is.
    let dataDirectory: String
    private var children: Set<Int32> = []

    init() throws {
        var template = Array("/tmp/matriarch-fence-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw NotReached(description: "mkdtemp: \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        dataDirectory = path + "/pgdata"
        for folder in ["volume", "volume/pgdata", "volume/pgdata/base", "volume/pgdata-old", "elsewhere"] {
            mkdir("\(path)/\(folder)", 0o700)
        }
        symlink("volume/pgdata", dataDirectory)
    }

    deinit {
        for child in children {
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
        }
        for process in DataDirectoryProcesses.list(dataDirectory: path) { kill(process, SIGKILL) }
        do {
            waitpid(try spawn("/bin/rm", ["-rf", path]), nil, 0)
        } catch {
            Issue.record(error)
        }
    }

    /// A process that does nothing with `folder` of the sandbox as its working directory, once it is there.
    func start(in folder: String) throws -> Int32 {
        let process = try spawn("/bin/sh", ["-c", "cd '\(path)/\(folder)' && exec sleep 1000"])
        children.insert(process)
        try eventually("sleep in \(folder)") {
            let name = contents(of: "/proc/\(process)/comm") ?? "gone"
            return (name.hasPrefix("sleep") ? () : nil, name)
        }
        return process
    }

    /// Waits until the child has died and returns when that was.
    func awaitDeath(of process: Int32, within limit: Duration = .seconds(10)) throws -> BootInstant {
        try awaitExit(process, within: limit)
        children.remove(process)
        return BootClock.now()
    }

    func adopt(_ process: Int32) { children.insert(process) }
    func release(_ process: Int32) { children.remove(process) }

    /// The numbers a script has written to a file of the sandbox, once there are enough of them.
    func numbers(in file: String, count: Int = 1) throws -> [Int32] {
        try eventually("\(count) numbers in \(file)") {
            let text = contents(of: "\(path)/\(file)") ?? ""
            let numbers =
                text.hasSuffix("\n") ? text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) } : []
            return (numbers.count >= count ? numbers : nil, text)
        }
    }
}
