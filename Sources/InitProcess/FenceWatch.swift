import Fence
import Units

/// The deadline in force, and whether it has passed.
///
/// Invariant: once the deadline has passed, ``due(now:)`` names it again and again until the agent sends something newer. An
/// agent that was frozen between its last look at the lock and the start of a server wakes up with that start ahead of it.
struct FenceWatch: Equatable {
    /// Between two looks at the data directory once the deadline has passed.
    static let retryPause = Duration.milliseconds(100)

    private enum State: Equatable {
        case disarmed
        case armed(BootInstant)
        case passed(deadline: BootInstant, lookAt: BootInstant, isClear: Bool)
    }

    private var state = State.disarmed

    mutating func received(_ message: FenceDeadline) {
        switch message {
        case .disarmed: state = .disarmed
        case .until(let instant): state = .armed(instant)
        }
    }

    /// The deadline that has passed, when it is time to look for processes; nil when there is nothing to kill now.
    func due(now: BootInstant) -> BootInstant? {
        switch state {
        case .disarmed: nil
        case .armed(let deadline): now >= deadline ? deadline : nil
        case .passed(let deadline, let look, _): now >= look ? deadline : nil
        }
    }

    /// Records a look at the data directory.
    ///
    /// - Returns: whether it is news: the first for this deadline, one that met processes, or the first that left none over.
    mutating func killed(_ count: Int, remaining: Int, now: BootInstant) -> Bool {
        let isNews: Bool
        let deadline: BootInstant
        switch state {
        case .disarmed:
            return false
        case .armed(let instant):
            (deadline, isNews) = (instant, true)
        case .passed(let instant, _, let wasClear):
            (deadline, isNews) = (instant, wasClear ? count > 0 : remaining == 0)
        }
        state = .passed(deadline: deadline, lookAt: now + Self.retryPause, isClear: remaining == 0)
        return isNews
    }

    /// When to look next.
    var nextLook: BootInstant? {
        switch state {
        case .disarmed: nil
        case .armed(let instant): instant
        case .passed(_, let look, _): look
        }
    }
}
