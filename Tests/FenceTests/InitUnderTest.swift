import Glibc

@testable import Fence

/// `matriarch init` as a real process, with a shell script in the agent's place.
final class InitUnderTest {
    let sandbox: Sandbox
    let process: Int32
    /// Nil: the log is a file.
    let pipe: LogPipe?
    private var hasExited = false

    /// Notes its process id and the fence's descriptor, then idles.
    static let idleAgent = "echo $$ >> $SANDBOX/agents; echo $MATRIARCH_FENCE_FD > $SANDBOX/fence; exec sleep 1000"

    /// - Parameters:
    ///   - agent: a script for /bin/sh; `$SANDBOX` is the sandbox's folder.
    ///   - logsIntoPipe: the log is a pipe that nobody reads but who asks ``LogPipe`` for it.
    init(agent: String = idleAgent, blocking: [Int32] = [], logsIntoPipe: Bool = false) throws {
        sandbox = try Sandbox()
        pipe = logsIntoPipe ? try LogPipe(sandbox.path + "/log") : nil
        write(agent, to: sandbox.path + "/agent.sh")
        process = try spawn(
            Self.binary, ["init", "--", "/bin/sh", sandbox.path + "/agent.sh"],
            environment: ["PGDATA=\(sandbox.dataDirectory)", "SANDBOX=\(sandbox.path)", "PATH=/usr/bin:/bin"],
            errorFile: sandbox.path + "/log", blocking: blocking)
        sandbox.adopt(process)
    }

    deinit {
        guard !hasExited else { return }
        let agents = (contents(of: sandbox.path + "/agents") ?? "").split(separator: "\n").compactMap { Int32($0) }
        for agent in agents { kill(agent, SIGKILL) }
        kill(process, SIGKILL)
    }

    /// The product, built beside the test bundle; `MATRIARCH_BINARY` names another one.
    static var binary: String {
        if let path = getenv("MATRIARCH_BINARY") { return String(cString: path) }
        guard let path = realpath("/proc/self/exe", nil) else { return "matriarch" }
        defer { free(path) }
        let bundle = String(cString: path)
        return bundle[..<(bundle.lastIndex(of: "/") ?? bundle.startIndex)] + "/matriarch"
    }

    /// The agents started so far, once there are that many.
    func agents(_ count: Int = 1) throws -> [Int32] {
        try sandbox.numbers(in: "agents", count: count)
    }

    /// The writing end that init gave the idle agent.
    func fence(of agent: Int32) throws -> FenceHandle {
        let number = try sandbox.numbers(in: "fence")[0]
        let descriptor = open("/proc/\(agent)/fd/\(number)", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw NotReached(description: "fence of \(agent): \(errno)") }
        return try FenceHandle(descriptor: descriptor)
    }

    /// Waits until init has read what was sent to it last: a kill that was under way is over.
    func awaitIdle() throws {
        let fence = try fence(of: try agents().last ?? 0)
        try eventually("init reads its messages") {
            var waiting: Int32 = -1
            _ = ioctl(fence.descriptor, UInt(FIONREAD), &waiting)
            return (waiting == 0 ? () : nil, "\(waiting) bytes wait")
        }
    }

    func log() -> String { contents(of: sandbox.path + "/log") ?? "" }

    /// Waits for init's own end.
    func exitStatus(within limit: Duration = .seconds(10)) throws -> Int32 {
        let status = try awaitExit(process, within: limit)
        sandbox.release(process)
        hasExited = true
        return exitCode(status)
    }
}
