/// Which callback runs, which wait for it, and which are not worth running any more.
///
/// Invariant: what was told of a former role neither runs on nor begins once the member has another one. A script that puts
/// an address on the primary must not end after the one that takes it off.
///
/// Patroni lets every newer event kill an older one, so that a restart right after a promotion undoes what the promotion's
/// callback was about to do; here only another role, or the end, makes an event old.
public struct CallbackQueue: Hashable, Sendable {
    private var running: CallbackCall?
    private var isBeingEnded = false
    private var waiting: [CallbackCall] = []

    public enum Step: Hashable, Sendable {
        case start(CallbackCall)
        /// The one that runs has to end; ``ended()`` says what comes next.
        case end
        case wait
    }

    public init() {}

    public var isIdle: Bool { running == nil }

    /// Something has happened.
    public mutating func add(_ call: CallbackCall) -> Step {
        guard let running else {
            self.running = call
            return .start(call)
        }
        waiting.removeAll { $0.role != call.role || call.action == .stop }
        if !waiting.contains(call) { waiting.append(call) }
        guard running.role != call.role || call.action == .stop, !isBeingEnded else { return .wait }
        isBeingEnded = true
        return .end
    }

    /// The one that ran has ended, whatever came of it.
    public mutating func ended() -> Step {
        running = nil
        isBeingEnded = false
        guard !waiting.isEmpty else { return .wait }
        return add(waiting.removeFirst())
    }
}
