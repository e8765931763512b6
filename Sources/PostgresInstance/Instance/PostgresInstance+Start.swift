import Fence
import Glibc
import Logging
import PostgresClient
public import PostgresConfiguration
public import ServerControl
import Spawning
import Units

extension PostgresInstance {
    /// Starts the server.
    ///
    /// Kills what an earlier server of this data directory left behind, writes the configuration and the signal file, and
    /// starts the postmaster. Returns before it accepts connections; see ``waitUntilAccepting(deadline:)``.
    ///
    /// - Cancellation: a task that is cancelled before the postmaster is there starts none, whatever it has done by then.
    /// - Throws: ``InstanceError`` `.refused` when a standby's data would be started as a primary without a promotion,
    ///   which would write a second history on its timeline; `.alreadyRunning`.
    @discardableResult
    public func start(_ settings: PostgresSettings, as role: ServerRole) async throws -> PostmasterHandle {
        if let running = adopt() {
            throw InstanceError(.alreadyRunning, "a server already runs on \(data.path) with pid \(running.pid)")
        }
        guard case .initialized(let control, _) = try await dataDirectoryState() else {
            throw InstanceError(.refused, "\(data.path) holds nothing that can be started")
        }
        let recorded: ControlData?
        switch role {
        case .primary:
            recorded = nil
            guard !isMarkedStandby, !control.isStandby else {
                throw InstanceError(
                    .refused, "\(data.path) was last run as a standby: start it as one and promote it")
            }
        case .standby: recorded = control
        }
        try killLeftovers(deadline: .seconds(10))
        try requireVolume()
        try removeStaleLocks()
        try writeConfiguration(settings, role: role, recorded: recorded)
        switch role {
        case .primary: try data.removeSignals()
        case .standby:
            try data.markStandby()
            // Another member leads, and may set another one.
            applicationWish = nil
            knownVerifiers = [:]
        }
        var command = [layout.binaries.path("postgres"), "-D", data.path]
        for (name, value) in commandLine(settings, recorded: recorded) { command += ["-c", "\(name)=\(value)"] }
        // A demotion cancels a start and does not wait for it: what it found to kill, it has killed by now.
        try Task.checkCancellation()
        let pid = try startPostmaster(command)
        let handle = PostmasterHandle(pid: pid, isChild: true)
        monitor.watch(handle)
        owesReload = false
        logger.info("started the postmaster", metadata: ["pid": "\(pid)", "role": "\(role.label)"])
        return handle
    }

    /// The data directory is its working directory from the first instruction, which is how its processes are recognized.
    private func startPostmaster(_ command: [String]) throws(InstanceError) -> pid_t {
        var postmaster = Program(layout.asServerUser(command))
        postmaster.environment = ChildEnvironment.scrubbed()
        postmaster.workingDirectory = data.path
        if let volume { postmaster.kept = [volume.descriptor] }
        postmaster.output =
            switch layout.serverLog {
            case .inherited: .error
            case .file(let path): .file(path)
            }
        do {
            return try postmaster.start()
        } catch {
            throw InstanceError(.toolFailed, "\(error)")
        }
    }

    /// Finds a server that runs on this data directory, for example after the agent was started again.
    ///
    /// `postmaster.pid` alone proves nothing: the number may belong to anybody by now. The process must also work inside
    /// the data directory and be called postgres.
    public func adopt() -> PostmasterHandle? {
        if let running = monitor.running { return running }
        guard let text = FileSystem.readIfPresent(data.file("postmaster.pid")),
            let lock = PostmasterLockFile(parsing: text),
            DataDirectoryProcesses.list(dataDirectory: data.path).contains(lock.pid),
            FileSystem.readIfPresent("/proc/\(lock.pid)/comm")?.hasPrefix("postgres") == true
        else { return nil }
        let handle = PostmasterHandle(pid: lock.pid, isChild: false)
        monitor.watch(handle)
        logger.info("adopted a running postmaster", metadata: ["pid": "\(lock.pid)"])
        return handle
    }

    /// Finds a server that somebody else has started since the last one ended; nil when there is none.
    ///
    /// Costs a look for one file while none runs. A single-user server is left to whoever works in it: it lets nobody in.
    public func adoptStartedByHand() -> PostmasterHandle? {
        guard monitor.running == nil, let text = FileSystem.readIfPresent(data.file("postmaster.pid")),
            let lock = PostmasterLockFile(parsing: text), !lock.isSingleUser
        else { return nil }
        return adopt()
    }

    /// Waits until clients get in.
    ///
    /// The server writes its state into `postmaster.pid`; reading that every 10 ms costs nothing, and a session is tried
    /// only when it says ready. The session is kept for ``observe(deadline:)``.
    public func waitUntilAccepting(deadline: Duration) async throws -> Acceptance {
        guard let handle = adopt() else { return .exited(.unknown) }
        let end = BootClock.now() + deadline
        while true {
            if let exit = monitor.exit(of: handle) { return .exited(exit.status) }
            let lock = FileSystem.readIfPresent(data.file("postmaster.pid"))
                .flatMap { PostmasterLockFile(parsing: $0) }
            if let lock, lock.pid == handle.pid, lock.status == "ready",
                await probeReadiness(deadline: min(.seconds(1), max(end - BootClock.now(), .milliseconds(50))))
            {
                return .acceptingConnections
            }
            if BootClock.now() >= end { return .starting }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func probeReadiness(deadline: Duration) async -> Bool {
        do {
            try await openObserver(deadline: deadline)
            return true
        } catch {
            // Any answer but "cannot connect now" comes from a server that lets others in.
            return error.isAnswerFromServer && !error.isCannotConnectNow
        }
    }

    /// Kills processes of an earlier server: an orphaned backend holds shared memory and can still write.
    ///
    /// - Requires: no server runs.
    /// - Throws: ``InstanceError`` `.processesRemain` when SIGKILL does not help in time.
    public func killLeftovers(deadline: Duration) throws(InstanceError) {
        let outcome = DataDirectoryProcesses.killAll(
            dataDirectory: data.path, deadline: BootClock.now() + deadline)
        if outcome.killed > 0 {
            logger.warning("killed processes an earlier server left", metadata: ["count": "\(outcome.killed)"])
        }
        guard outcome.areGone else {
            throw InstanceError(
                .processesRemain,
                outcome.remaining.isEmpty
                    ? "whether processes of \(data.path) are left cannot be seen"
                    : "processes of \(data.path) cannot be killed: "
                        + outcome.remaining.map(String.init).joined(separator: ", "))
        }
    }

    public func isDying() -> Bool { DataDirectoryProcesses.areAllDying(dataDirectory: data.path) }

    /// Removes lock files of a server that is gone.
    ///
    /// PostgreSQL judges them by process id alone, and in a container a new process gets the old number easily.
    private func removeStaleLocks() throws(InstanceError) {
        try FileSystem.remove(data.file("postmaster.pid"))
        let socket = "\(layout.socketDirectory)/.s.PGSQL.\(layout.port)"
        if let text = FileSystem.readIfPresent("\(socket).lock"), let lock = PostmasterLockFile(parsing: text) {
            guard lock.dataDirectory == data.path || kill(lock.pid, 0) != 0 else { return }
            try FileSystem.remove("\(socket).lock")
            try FileSystem.remove(socket)
        }
    }
}

extension ServerRole {
    /// For logs.
    var label: String {
        switch self {
        case .primary: "primary"
        case .standby(let upstream): upstream.map { "standby of \($0.member)" } ?? "standby without upstream"
        }
    }
}
