import AgentShell
import ClusterRecords
import Glibc
import HighAvailability
import Logging
import Units

/// Runs the callbacks of this member: the executables of one folder that are named like what happened.
///
/// Nothing waits for them, and nothing of what they do or fail to do changes what the member does.
actor CallbackRunner: CallbackTeller {
    /// What a reload tells has nothing to do with roles: it neither ends nor waits for what they told.
    private enum Lane: Hashable {
        case course
        case reload
    }

    private let directory: String
    private let cluster: String
    private let environment: [String: String]
    private let clock: any AgentClock
    private let logger: Logger
    private var queues: [Lane: CallbackQueue] = [:]
    private var running: [Lane: CallbackProcess] = [:]
    private let events: AsyncStream<(call: CallbackCall, limit: Duration)>
    private let submit: AsyncStream<(call: CallbackCall, limit: Duration)>.Continuation
    /// Takes what is told, in its order, until there is no more.
    private var intake: Task<Void, Never>?

    /// How long one that has to end may take to do so by itself.
    static let grace = Duration.seconds(2)

    init(_ configuration: AgentConfiguration, clock: any AgentClock, logger: Logger) {
        directory = configuration.callbacksDirectory
        cluster = configuration.scope.cluster
        environment = [
            // No more: neither secrets nor what would make libpq or the API's clients of a script act for the agent.
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "MATRIARCH_CLUSTER": configuration.scope.cluster, "MATRIARCH_MEMBER": configuration.member,
            "MATRIARCH_NAMESPACE": configuration.scope.namespace,
        ]
        self.clock = clock
        self.logger = logger
        // Not bounded: some events of a member's life, and none waits here for a script.
        (events, submit) = AsyncStream.makeStream()
    }

    /// Begins, and says what is going to be called.
    func start() {
        intake = clock.start { await self.takeIn() }
        let found = CallbackAction.allCases.map(\.rawValue).filter { access("\(directory)/\($0)", X_OK) == 0 }
        guard !found.isEmpty else { return }
        logger.notice("callbacks: \(found.joined(separator: ", "))", metadata: ["directory": "\(directory)"])
    }

    private func takeIn() async {
        for await event in events {
            let lane: Lane = event.call.action == .reload ? .reload : .course
            perform(queues[lane, default: CallbackQueue()].add(event.call), on: lane, limit: event.limit)
        }
    }

    /// Has it told as soon as it may be, in the order of the calls; waits for nothing.
    ///
    /// - Parameter limit: how long it may run.
    nonisolated func tell(_ call: CallbackCall, limit: Duration) { submit.yield((call, limit)) }

    /// Waits until all are done, and ends those that are not in time. The last there is to do.
    func finish(within limit: Duration) async {
        submit.finish()
        await intake?.value
        let deadline = clock.now + limit
        while !isIdle, clock.now < deadline { await pause() }
        for process in running.values { process.kill() }
        // What is killed is gone at once, unless the kernel holds it; then its container's end takes it.
        let end = clock.now + Self.grace
        while !isIdle, clock.now < end { await pause() }
    }

    private var isIdle: Bool { queues.values.allSatisfy(\.isIdle) }

    private func pause() async {
        // Not cancelled: this is the agent's last work.
        try? await clock.sleep(for: .milliseconds(10))
    }

    private func perform(_ step: CallbackQueue.Step, on lane: Lane, limit: Duration) {
        switch step {
        case .wait: break
        case .end: if let process = running[lane] { end(process) }
        case .start(let call):
            guard let process = start(call) else { return next(on: lane, limit: limit) }
            running[lane] = process
            // Owned by its lane: the next one begins when this one has ended.
            clock.start { await self.see(through: process, of: call, on: lane, limit: limit) }
        }
    }

    private func see(through process: CallbackProcess, of call: CallbackCall, on lane: Lane, limit: Duration) async {
        await attend(process, of: call, limit: limit)
        running[lane] = nil
        next(on: lane, limit: limit)
    }

    private func next(on lane: Lane, limit: Duration) {
        perform(queues[lane, default: CallbackQueue()].ended(), on: lane, limit: limit)
    }

    /// Nil when nobody asked to be told of it, and when it cannot be run.
    private func start(_ call: CallbackCall) -> CallbackProcess? {
        let path = "\(directory)/\(call.action.rawValue)"
        guard access(path, F_OK) == 0 else { return nil }
        let logger = logger(for: call)
        do {
            let process = try CallbackProcess(
                [path, call.action.rawValue, call.role.rawValue, cluster],
                environment: environment.merging(["MATRIARCH_EPOCH": "\(call.epoch)"]) { $1 }
            ) { logger.info("\($0)") }
            logger.notice("callback started")
            return process
        } catch {
            logger.error("\(error)")
            return nil
        }
    }

    private func attend(_ process: CallbackProcess, of call: CallbackCall, limit: Duration) async {
        let began = clock.now
        let logger = logger(for: call)
        let patience = clock.start {
            // Cancelled when it has ended in time.
            do { try await self.clock.sleep(for: limit) } catch { return }
            logger.warning("the callback takes longer than it may: ending it", metadata: ["limit": "\(limit)"])
            await self.end(process)
        }
        var status: Int32 = 0
        for await value in process.status { status = value }
        patience.cancel()
        logger.log(
            level: status == 0 ? .notice : .warning, "callback ended",
            metadata: ["status": "\(status)", "elapsed": "\(clock.now - began)"])
    }

    private func end(_ process: CallbackProcess) {
        process.terminate()
        // Ends by itself; a process that is gone is not signalled.
        clock.start { [clock] in
            // Never cancelled.
            try? await clock.sleep(for: Self.grace)
            process.kill()
        }
    }

    private func logger(for call: CallbackCall) -> Logger {
        var logger = logger
        logger[metadataKey: "callback"] = "\(call.action.rawValue)"
        logger[metadataKey: "role"] = "\(call.role.rawValue)"
        return logger
    }
}
