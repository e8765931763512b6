import Fence
import HighAvailability

/// The deadline in force, and whether a kill is still unfinished.
///
/// Invariant: once the deadline has passed, ``due(now:)`` keeps naming it until a kill left nothing over or the agent sent
/// something newer.
struct FenceWatch: Equatable {
    /// Between two looks at processes that SIGKILL has not ended yet.
    static let retryPause = Duration.milliseconds(100)

    private enum State: Equatable {
        case disarmed
        case armed(BootInstant)
        case killing(deadline: BootInstant, retryAt: BootInstant)
    }

    private var state = State.disarmed

    mutating func received(_ message: FenceDeadline) {
        switch message {
        case .disarmed: state = .disarmed
        case .until(let instant): state = .armed(instant)
        }
    }

    /// The deadline that is due and not dealt with; nil when there is nothing to kill now.
    func due(now: BootInstant) -> BootInstant? {
        switch state {
        case .disarmed: nil
        case .armed(let deadline): now >= deadline ? deadline : nil
        case .killing(let deadline, let retry): now >= retry ? deadline : nil
        }
    }

    /// Records a kill; returns whether it is the first for this deadline.
    mutating func killed(remaining: Int, now: BootInstant) -> Bool {
        switch state {
        case .disarmed:
            return false
        case .armed(let deadline):
            state = remaining == 0 ? .disarmed : .killing(deadline: deadline, retryAt: now + Self.retryPause)
            return true
        case .killing(let deadline, _):
            state = remaining == 0 ? .disarmed : .killing(deadline: deadline, retryAt: now + Self.retryPause)
            return false
        }
    }

    /// When to look next.
    var nextLook: BootInstant? {
        switch state {
        case .disarmed: nil
        case .armed(let instant): instant
        case .killing(_, let retry): retry
        }
    }
}
