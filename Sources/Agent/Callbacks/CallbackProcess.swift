import AgentShell
import CLinux
import Fence
import Glibc
import PostgresClient
import Spawning
import Synchronization

/// One run of a callback: a process group of its own, with nothing of the agent's but what it is given.
///
/// Not swift-subprocess, whose teardown is over when the script itself is gone: here nothing of the group may be left, and a
/// process that was put into the background keeps nobody waiting.
final class CallbackProcess: Sendable {
    private struct State {
        /// Its number cannot pass to anybody else before it is reaped, which clears it here.
        var group: pid_t?
        var isBeingEnded = false
    }

    private let state: Mutex<State>
    /// The status a shell would report, once the script has ended.
    let status: AsyncStream<Int32>

    /// Starts it; its threads end with it.
    ///
    /// - Parameter line: gets each line it writes, of standard output and standard error alike.
    /// - Throws: ``AgentError`` `.actionFailed` when it cannot be executed.
    init(
        _ command: [String], environment: [String: String], line: @escaping @Sendable (String) -> Void
    ) throws(AgentError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw AgentError(.actionFailed, "no pipe: \(String(cString: strerror(errno)))")
        }
        let (reading, writing) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // init's fence is among what the agent holds, and stays with it.
        var program = Program(command)
        program.environment = environment
        program.workingDirectory = "/"
        program.output = .descriptor(writing)
        let process: pid_t
        do {
            defer { close(writing) }
            process = try program.start()
        } catch {
            close(reading)
            throw AgentError(.actionFailed, "\(error)")
        }
        state = Mutex(State(group: process))
        let (status, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingNewest(1))
        self.status = status
        OwnedThread.start(name: "callback output") { Self.read(reading, line) }
        OwnedThread.start(name: "callback") { [self] in
            var information = siginfo_t()
            // It stays a zombie, and its number its own, until its group has been dealt with.
            while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            var status: Int32 = 0
            state.withLock { state in
                if state.isBeingEnded { Glibc.kill(-process, SIGKILL) }
                while waitpid(process, &status, 0) < 0, errno == EINTR {}
                state.group = nil
            }
            continuation.yield(clinux_exit_code(status))
            continuation.finish()
        }
    }

    /// Asks it and everything it started to end. Whoever has not by the time of ``kill()`` is killed there.
    func terminate() {
        state.withLock { state in
            state.isBeingEnded = true
            if let group = state.group { Glibc.kill(-group, SIGTERM) }
        }
    }

    /// Kills it and everything it started.
    func kill() {
        state.withLock { state in
            state.isBeingEnded = true
            if let group = state.group { Glibc.kill(-group, SIGKILL) }
        }
    }

    /// Ends with the last process that holds the other end.
    private static func read(_ descriptor: Int32, _ line: (String) -> Void) {
        defer { close(descriptor) }
        var pending: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            pending += chunk.prefix(count)
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                line(String(decoding: pending[..<end], as: UTF8.self))
                pending.removeSubrange(...end)
            }
            // A line without an end is cut: the agent's memory is not the callback's.
            if pending.count >= 4096 {
                line(String(decoding: pending, as: UTF8.self))
                pending = []
            }
        }
        if !pending.isEmpty { line(String(decoding: pending, as: UTF8.self)) }
    }
}
