import Fence
public import Glibc
public import KubernetesModels
import Synchronization

/// One member as a local process: `matriarch init -- matriarch agent` with real PostgreSQL below it.
///
/// Its Pod is a plain object. Without a ``MemberKubelet``, whoever wants the container restarted calls
/// ``start(environment:)``.
public final class MemberProcess: Sendable {
    public let name: String
    /// Everything of this member; the data directory is `pgdata` in it.
    public let folder: String
    public let port: UInt16
    public let apiPort: UInt16
    public let probePort: UInt16
    public let podUID: String
    public let logPath: String
    /// Nil: an ordinary process of this machine.
    public let sandbox: MemberSandbox?
    /// Where clients and other members find it.
    public var address: String { sandbox?.address ?? "127.0.0.1" }
    private let program: String
    private let environment: [String]
    private let process = Mutex<Instance?>(nil)
    /// How many containers were started.
    private let lives = Mutex(0)

    /// One life of the container.
    private struct Instance {
        let process: ControlPlaneProcess
        let containerID: String
        let terminationLog: String
    }

    init(
        name: String, folder: String, ports: (UInt16, UInt16, UInt16), podUID: String, program: String,
        environment: [String],
        sandbox: MemberSandbox? = nil
    ) throws {
        self.sandbox = sandbox
        self.name = name
        self.folder = "\(folder)/\(name)"
        (port, apiPort, probePort) = ports
        self.podUID = podUID
        self.program = program
        logPath = "\(folder)/\(name).log"
        self.environment =
            environment + [
                "POD_NAME=\(name)", "POD_UID=\(podUID)", "PGDATA=\(self.folder)/pgdata",
                "MATRIARCH_RUNTIME_DIRECTORY=\(self.folder)/run", "MATRIARCH_POSTGRES_PORT=\(ports.0)",
                "MATRIARCH_API_PORT=\(ports.1)", "MATRIARCH_PROBE_PORT=\(ports.2)",
            ]
        guard mkdir(self.folder, 0o777) == 0, chmod(self.folder, 0o777) == 0 else {
            throw MemberError("cannot create \(self.folder): \(String(cString: strerror(errno)))")
        }
    }

    public var dataDirectory: String { "\(folder)/pgdata" }

    // MARK: The process

    /// Starts init, which starts the agent; as a kubelet would, in a container of this Pod.
    ///
    /// - Parameters:
    ///   - extra: variables that replace those of the same name.
    ///   - options: of the agent's command line.
    public func start(environment extra: [String: String] = [:], options: [String] = []) throws {
        let terminationLog = try makeTerminationLog()
        let variables =
            (environment + ["MATRIARCH_TERMINATION_LOG=\(terminationLog)"])
            .filter { extra[String($0.prefix { $0 != "=" })] == nil }
            + extra.map { "\($0.key)=\($0.value)" }
        let containerID = (0..<64).map { _ in String(UInt8.random(in: 0..<16), radix: 16) }.joined()
        let launcher = try sandbox?.launcher(containerID: containerID) ?? []
        let started = try ControlPlaneProcess(
            name: name, launcher + [program, "init", "--", program, "agent"] + options, logPath: logPath,
            environment: variables)
        process.withLock {
            $0 = Instance(process: started, containerID: containerID, terminationLog: terminationLog)
        }
    }

    /// Of init, as this machine numbers it; nil when it does not run.
    public var initProcess: pid_t? {
        let running = process.withLock { $0.flatMap { $0.process.isRunning ? $0.process.processIdentifier : nil } }
        guard sandbox != nil else { return running }
        // The launcher waits for PID 1 of the process namespace.
        return running.flatMap { ProcessTable.children(of: $0).first }
    }

    public var isRunning: Bool { process.withLock { $0?.process.isRunning ?? false } }

    /// The exit status of init once it has ended; 128 + n for signal n.
    public var exitStatus: Int32? { process.withLock { $0?.process.exitStatus } }

    /// The running instance of the container, or the last one.
    public var containerID: String? { process.withLock { $0?.containerID } }

    /// What the kubelet would say were the last words of the running instance, or says of the last one: the end of its file.
    public var terminationMessage: String? {
        process.withLock { $0?.terminationLog }.flatMap { ProcessTable.text(of: $0) }
            .map { String(decoding: $0.utf8.suffix(4096), as: UTF8.self) }
    }

    /// As a kubelet does: a new, empty file for each instance, which everybody may write.
    private func makeTerminationLog() throws -> String {
        let life = lives.withLock { lives in
            lives += 1
            return lives
        }
        // Beside the volume, which a test may fill.
        let path = "\(folder).termination-log-\(life)"
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw MemberError("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o666) == 0 else {
            throw MemberError("\(path): \(String(cString: strerror(errno)))")
        }
        return path
    }

    public var agentProcess: pid_t? {
        initProcess.flatMap { parent in
            ProcessTable.children(of: parent).first { ProcessTable.command(of: $0).contains("matriarch agent") }
        }
    }

    /// How often each thread of the agent has gone to sleep so far, by its number.
    public var agentSleeps: [pid_t: Int] { agentProcess.map { ProcessTable.sleeps(of: $0) } ?? [:] }

    /// The first number in postmaster.pid, while that process lives in the data directory.
    public var postmaster: pid_t? {
        guard sandbox == nil else {
            // The file tells the number inside the process namespace.
            let servers = postgresProcesses.filter { !ProcessTable.command(of: $0).contains("--single") }
            let agent = agentProcess
            return servers.first { ProcessTable.parent(of: $0) == agent || ProcessTable.parent(of: $0) == initProcess }
        }
        guard let text = ProcessTable.text(of: "\(dataDirectory)/postmaster.pid"),
            let process = text.split(separator: "\n").first.flatMap({ pid_t($0) }),
            postgresProcesses.contains(process)
        else { return nil }
        return process
    }

    /// Postmaster, backends and what they left behind.
    public var postgresProcesses: [pid_t] { DataDirectoryProcesses.list(dataDirectory: dataDirectory) }

    /// Those whose title contains `title`, such as `walsender`.
    public func postgresProcesses(titled title: String) -> [pid_t] {
        postgresProcesses.filter { ProcessTable.command(of: $0).contains(title) }
    }

    /// Everything below init whose command contains `title`.
    public func processes(titled title: String) -> [pid_t] {
        (initProcess.map { ProcessTable.descendants(of: $0) } ?? [])
            .filter { ProcessTable.command(of: $0).contains(title) }
    }

    /// Asks the container to stop, as a kubelet does.
    public func terminate() {
        if let initProcess { kill(initProcess, SIGTERM) }
    }

    /// Ends everything of this member at once, as when its container is killed.
    public func killEverything() {
        // What is frozen does not die before it is thawed; a member that never was has no group that could be.
        do { try sandbox?.thaw() } catch { print("\(name): \(error)") }
        let tree = initProcess.map { [$0] + ProcessTable.descendants(of: $0) } ?? []
        for process in tree { kill(process, SIGKILL) }
        for process in postgresProcesses { kill(process, SIGKILL) }
    }

    /// Kills it and waits until nothing of it is left.
    public func destroy() async throws {
        killEverything()
        try await eventually(within: .seconds(10), "everything of \(name) is gone") {
            guard !isRunning, postgresProcesses.isEmpty else {
                killEverything()
                return false
            }
            return true
        }
    }

    // MARK: What it said

    /// Its log from `offset` on, in lines of JSON.
    public func log(since offset: Int = 0) -> [JSONValue] {
        let text = ProcessTable.text(of: logPath) ?? ""
        return text.utf8.dropFirst(offset).split(separator: UInt8(ascii: "\n")).map { line in
            do { return try JSONValue(parsing: line) } catch { return .string(String(decoding: line, as: UTF8.self)) }
        }
    }

    /// A place in the log to read from later.
    public var logEnd: Int { (ProcessTable.text(of: logPath) ?? "").utf8.count }

    /// Whether a line since `offset` contains `text`.
    public func hasSaid(_ text: String, since offset: Int = 0) -> Bool {
        log(since: offset).contains { $0.serialized().contains(text) }
    }

    /// The end of the log, for messages.
    public var logTail: String {
        let lines = (ProcessTable.text(of: logPath) ?? "no log").split(separator: "\n").suffix(40)
        return "--- \(name) (port \(port))\n" + lines.joined(separator: "\n")
    }
}

/// Why a member cannot be run.
public struct MemberError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
