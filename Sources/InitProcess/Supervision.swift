import Glibc
import Units

/// When the agent is started, signalled, started again, and when init ends with which status.
///
/// Pure: each input returns what to do; time comes in with the inputs.
struct Supervision: Equatable {
    enum Action: Equatable {
        case wait
        case start
        case forward(signal: Int32, to: Int32)
        /// Kill what the dead agent's tools left behind, then wait for the restart.
        case clearAfterCrash(restartAt: BootInstant)
        case end(code: Int32)
    }

    private enum State: Equatable {
        case waiting(until: BootInstant)
        case running(Int32, since: BootInstant)
        case stopping(Int32)
        case ended
    }

    private var state: State
    private var backoff = RestartBackoff()

    /// The agent's own exit code for a configuration that no restart can mend (EX_CONFIG).
    static let configurationError: Int32 = 78

    init(startAt instant: BootInstant) {
        state = .waiting(until: instant)
    }

    /// When ``tick(now:)`` has something to do; nil when only an event changes anything.
    var nextStart: BootInstant? {
        switch state {
        case .waiting(let instant): instant
        case .running, .stopping, .ended: nil
        }
    }

    /// The living agent.
    var agent: Int32? {
        switch state {
        case .running(let process, _), .stopping(let process): process
        case .waiting, .ended: nil
        }
    }

    /// Called after every wake-up.
    func tick(now: BootInstant) -> Action {
        switch state {
        case .waiting(let instant): now >= instant ? .start : .wait
        case .running, .stopping, .ended: .wait
        }
    }

    mutating func started(_ process: Int32, at now: BootInstant) {
        state = .running(process, since: now)
    }

    /// A missing program ends init at once; a shortage of memory or process ids is waited out.
    mutating func startFailed(errno code: Int32, at now: BootInstant) -> Action {
        switch code {
        case EAGAIN, ENOMEM:
            state = .waiting(until: now + backoff.pause(afterLife: .zero))
            return .wait
        default:
            state = .ended
            return .end(code: code == ENOENT ? 127 : 126)
        }
    }

    /// TERM, INT and QUIT are requests to stop; every signal goes on to the agent.
    mutating func received(signal: Int32) -> Action {
        let stops = signal == SIGTERM || signal == SIGINT || signal == SIGQUIT
        switch state {
        case .running(let process, _):
            if stops { state = .stopping(process) }
            return .forward(signal: signal, to: process)
        case .stopping(let process):
            return .forward(signal: signal, to: process)
        case .waiting:
            guard stops else { return .wait }
            state = .ended
            return .end(code: 128 + signal)
        case .ended:
            return .wait
        }
    }

    /// - Parameter code: as a shell reports it: the exit code, or 128 + signal.
    mutating func exited(_ process: Int32, code: Int32, at now: BootInstant) -> Action {
        switch state {
        case .running(process, let start):
            guard code != 0 && code != Self.configurationError else {
                state = .ended
                return .end(code: code)
            }
            let restart = now + backoff.pause(afterLife: now - start)
            state = .waiting(until: restart)
            return .clearAfterCrash(restartAt: restart)
        case .stopping(process):
            state = .ended
            return .end(code: code)
        case .waiting, .running, .stopping, .ended:
            // An adopted orphan.
            return .wait
        }
    }
}
