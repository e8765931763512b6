import CLinux
import Fence
import Glibc
import Spawning
import Units

/// The shell around ``Supervision`` and ``FenceWatch``: one thread that polls three descriptors.
struct InitLoop {
    private let command: [String]
    private let dataDirectory: String
    private let fence: FenceReceiver
    /// Nil when the volume's directory cannot be opened: nothing keeps two containers apart on it then.
    private let volume: VolumeHold?
    private let signals: Int32
    private let timer: Int32
    private var supervision = Supervision(startAt: BootClock.now())
    private var watch = FenceWatch()

    private static let signalNumbers = [SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2]

    /// Nil, with `errno` set, when the kernel refuses a descriptor.
    init?(command: [String], dataDirectory: String) {
        guard let fence = FenceReceiver() else { return nil }
        signals = clinux_signals_open(Self.signalNumbers, Int32(Self.signalNumbers.count))
        timer = clinux_timer_open()
        guard signals >= 0, timer >= 0 else {
            errno = -min(signals, timer)
            return nil
        }
        self.fence = fence
        volume = VolumeHold(opening: dataDirectory)
        if volume == nil {
            InitLog.write(
                "warning", "the volume cannot be locked against another container",
                [("PGDATA", .text(dataDirectory)), ("error", .text(String(cString: strerror(errno))))])
        }
        self.command = command
        self.dataDirectory = dataDirectory
    }

    /// - Returns: the status to exit with.
    mutating func run() -> Int32 {
        // A log reader that went away must not end PID 1.
        signal(SIGPIPE, SIG_IGN)
        if getpid() != 1 { _ = clinux_become_subreaper() }
        setenv(FenceHandle.environmentKey, String(fence.writingDescriptor), 1)
        if let volume {
            setenv(VolumeHold.environmentKey, String(volume.descriptor), 1)
        } else {
            unsetenv(VolumeHold.environmentKey)
        }
        // The agent's threads would each grow a heap of their own.
        setenv("MALLOC_ARENA_MAX", "2", 0)
        InitLog.write("info", "starting", [("command", .text(command.joined(separator: " ")))])
        while true {
            // The deadline comes first after every wake-up: a thawed process may have been away for minutes, and nothing,
            // not even a pending SIGTERM, may come between that and the kill.
            enforceDeadline()
            if let code = handleSignals() ?? startIfDue() { return finish(code) }
            sleep()
        }
    }

    /// Waits for a signal, a message or the next instant.
    private func sleep() {
        let next = [watch.nextLook, supervision.nextStart].compactMap { $0 }.min()
        // Setting the timer also takes back an expiration that was already counted.
        _ = clinux_timer_set(timer, next.map { max(1, $0.nanoseconds) } ?? 0)
        let readable = Int16(POLLIN)
        var descriptors = (
            pollfd(fd: fence.descriptor, events: readable, revents: 0),
            pollfd(fd: signals, events: readable, revents: 0),
            pollfd(fd: timer, events: readable, revents: 0)
        )
        _ = withUnsafeMutableBytes(of: &descriptors) {
            poll($0.assumingMemoryBound(to: pollfd.self).baseAddress, 3, -1)
        }
    }

    // MARK: Fence

    /// A message that already lies in the pipe counts: the agent sends one only when its lock was confirmed.
    private mutating func enforceDeadline() {
        if let message = fence.latest() { watch.received(message) }
        let start = BootClock.now()
        guard let deadline = watch.due(now: start) else { return }
        let outcome = killPostgres(within: .seconds(1))
        // What cannot be seen is not gone.
        let remaining = outcome.areGone ? 0 : max(outcome.remaining.count, 1)
        let isNews = watch.killed(outcome.killed, remaining: remaining, now: BootClock.now())
        guard isNews else { return }
        InitLog.write(
            outcome.areGone ? "critical" : "error",
            outcome.areGone
                ? "lock deadline passed: PostgreSQL killed" : "lock deadline passed: processes survive SIGKILL so far",
            [
                ("killed", .number(Int64(outcome.killed))),
                ("remaining", .number(Int64(remaining))),
                ("late_ms", .number((start - deadline).milliseconds)),
                ("took_ms", .number(outcome.elapsed.milliseconds)),
            ])
    }

    private func killPostgres(within limit: Duration) -> DataDirectoryProcesses.Outcome {
        var sparing: Set<Int32> = []
        if let agent = supervision.agent { sparing.insert(agent) }
        return DataDirectoryProcesses.killAll(
            dataDirectory: dataDirectory, sparing: sparing, deadline: BootClock.now() + limit)
    }

    // MARK: Agent

    /// Returns the exit status when init is to end.
    private mutating func handleSignals() -> Int32? {
        while case let number = clinux_signals_next(signals), number > 0 {
            let code = number == SIGCHLD ? reap() : carryOut(supervision.received(signal: number))
            if let code { return code }
        }
        return nil
    }

    /// The only `waitpid(-1)` of the container. One SIGCHLD may stand for many children.
    private mutating func reap() -> Int32? {
        var status: Int32 = 0
        while case let process = waitpid(-1, &status, WNOHANG), process > 0 {
            let code = clinux_exit_code(status)
            if process == supervision.agent {
                InitLog.write(
                    "info", "agent ended", [("pid", .number(Int64(process))), ("status", .number(Int64(code)))])
            }
            if let end = carryOut(supervision.exited(process, code: code, at: BootClock.now())) { return end }
        }
        return nil
    }

    private mutating func startIfDue() -> Int32? {
        carryOut(supervision.tick(now: BootClock.now()))
    }

    private mutating func carryOut(_ action: Supervision.Action) -> Int32? {
        switch action {
        case .wait:
            return nil
        case .start:
            return startAgent()
        case .forward(let signal, let process):
            kill(process, signal)
            return nil
        case .clearAfterCrash(let restart):
            let tools = AdoptedProcesses.killTools(
                dataDirectory: dataDirectory, deadline: BootClock.now() + .seconds(1))
            InitLog.write(
                "error", "agent crashed: starting it again",
                [
                    ("in_ms", .number(max(.zero, restart - BootClock.now()).milliseconds)),
                    ("tools_killed", .number(Int64(tools))),
                ])
            return nil
        case .end(let code):
            return code
        }
    }

    private mutating func startAgent() -> Int32? {
        var agent = Program(command)
        agent.input = .inherited
        agent.kept = [fence.writingDescriptor]
        if let volume { agent.kept.insert(volume.descriptor) }
        agent.grouping = .group
        do {
            supervision.started(try agent.start(), at: BootClock.now())
        } catch {
            InitLog.write("critical", "\(error)")
            return carryOut(supervision.startFailed(errno: error.errno, at: BootClock.now()))
        }
        // From here on init only waits: what its start needed need not stay resident.
        clinux_release_code_pages()
        return nil
    }

    /// In a container the kernel ends everything with PID 1; elsewhere what is left of PostgreSQL must not outlive init.
    private func finish(_ code: Int32) -> Int32 {
        let outcome = killPostgres(within: .seconds(5))
        InitLog.write(
            "info", "ending", [("status", .number(Int64(code))), ("killed", .number(Int64(outcome.killed)))])
        return code
    }
}
