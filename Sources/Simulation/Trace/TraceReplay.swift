public import HighAvailability
import Units

/// Decides again what an agent recorded, with the shipping ``decide(_:)``, and compares.
public struct TraceReplay: Sendable {
    /// What is wrong with one recorded cycle.
    public enum Finding: Hashable, Sendable {
        /// The same observation leads to another decision now.
        case differs(recorded: Decision, now: Decision)
        /// The decision breaks what must hold of every decision.
        case broken(String)
    }

    public private(set) var cycles = 0

    public init() {}

    /// Takes in the next cycle.
    ///
    /// - Returns: nil when it is as it should be.
    public mutating func take(_ traced: TracedDecision) -> Finding? {
        cycles += 1
        if let problem = problem(of: traced) { return .broken(problem) }
        let now = decide(traced.observation)
        return now == traced.decision ? nil : .differs(recorded: traced.decision, now: now)
    }

    private func problem(of traced: TracedDecision) -> String? {
        let observation = traced.observation
        if case .mine(let until) = observation.lock, until <= observation.now {
            return "a lock that has run out counts as this agent's own"
        }
        if needsLock(traced.decision.action, observation.server), !observation.lock.isMine {
            return "\(traced.decision.action) without the lock, which is \(observation.lock)"
        }
        if observation.lockEnd != nil, observation.activity == nil, !observation.isStopping,
            case .primary = observation.server, traced.decision.action != .demote
        {
            return "a primary whose lock has ended does not stop: \(traced.decision.action)"
        }
        return nil
    }

    private func needsLock(_ action: Action, _ server: ServerState) -> Bool {
        switch action {
        case .startPrimary, .promote, .lead, .handOver: true
        case .restart, .restartInPlace:
            if case .primary = server { true } else { false }
        default: false
        }
    }
}

extension TraceReplay.Finding: CustomStringConvertible {
    public var description: String {
        switch self {
        case .differs(let recorded, let now):
            "recorded \(recorded.action) (\(recorded.reason)), decided now \(now.action) (\(now.reason))"
        case .broken(let problem): problem
        }
    }
}
