import Fence
import ServerControl
import Synchronization
import Units

/// The programs of a proof, and their end.
extension SettingsProver {
    /// Enough to let the running server have the processors first, and not so much that a busy one never lets a proof end in
    /// time.
    private static let niceness = 5
    /// How long a program may take to end by itself, after which whoever works for it is killed.
    private static let ending = Duration.seconds(2)

    /// Runs a program of the proof, standing back for the running server.
    ///
    /// - Guarantees: ends, too, where the program has begun others that left it and hold its messages open.
    func run(
        _ tool: Tool, progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Tool.Output {
        var tool = tool
        tool.niceness = Self.niceness
        let reaper = Reaper { [weak self] in
            // What cannot be killed is told by whoever clears up.
            try? await self?.endPrograms()
        }
        defer { reaper.dismiss() }
        reaper.call(after: tool.deadline + Self.ending)
        let (wanted, tools) = (tool, tools)
        return try await withTaskCancellationHandler {
            try await tools.run(wanted, progress: progress)
        } onCancel: {
            reaper.call(after: Self.ending)
        }
    }

    /// Kills what works in the proof's folders.
    func endPrograms() throws(InstanceError) {
        // Whoever begins others first: initdb works where its password lies, and its servers in the data.
        for path in [sockets, directory] {
            let outcome = DataDirectoryProcesses.killAll(
                dataDirectory: path, deadline: BootClock.now() + .milliseconds(500))
            guard outcome.areGone else {
                throw InstanceError(.processesRemain, "processes of \(path) cannot be killed")
            }
        }
    }
}

/// Does something at a time of its own, unless it is dismissed before.
private final class Reaper: Sendable {
    private enum State {
        case idle
        case called(Task<Void, Never>)
        case dismissed
    }

    private let state = Mutex(State.idle)
    private let reap: @Sendable () async -> Void

    init(_ reap: @escaping @Sendable () async -> Void) { self.reap = reap }

    /// Takes the place of an earlier call.
    func call(after duration: Duration) {
        let reap = reap
        state.withLock { state in
            switch state {
            case .dismissed: return
            case .called(let task): task.cancel()
            case .idle: break
            }
            // Owned by the state; ended by `dismiss()`, or by itself.
            state = .called(
                Task {
                    do { try await Task.sleep(for: duration) } catch { return }
                    await reap()
                })
        }
    }

    func dismiss() {
        state.withLock { state in
            if case .called(let task) = state { task.cancel() }
            state = .dismissed
        }
    }
}
