import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// The operator's own hand-overs: before it takes the primary's Pod away, another member leads.
extension Planner {
    /// Moves along what was asked for, to its end, whether or not anybody still wants it.
    mutating func followHandover() {
        guard var state = previous.handover, state.phase == .inProgress else { return }
        advance(&state, request: SwitchoverRequest(candidate: state.to))
        status.handover = state
    }

    var isHandoverRunning: Bool { status.handover?.phase == .inProgress }

    /// Asks `leader` to hand over, and after an attempt that came to nothing again half a minute later.
    mutating func planHandover(from leader: ObservedMember, to successor: ObservedMember?, purpose: String) {
        guard !isHandoverRunning else { return }
        var number = 1
        if let last = status.handover, let attempt = attempt(of: last, purpose: purpose, leader: leader) {
            let again = (last.finishedAt ?? now) + Self.retryDelay
            guard now >= again else {
                progress.append(
                    Finding(
                        reason: last.phase == .failed ? .switchoverFailed : .switchoverInProgress,
                        message: last.message ?? "Trying again soon"))
                plan.requeue(after: again - now)
                return
            }
            number = attempt + 1
        }
        let id = "\(purpose)-\(leader.name)-\(leader.timeline ?? 0)-\(number)"
        // The store was written and the status was not: whoever is named there, however anybody looks now.
        let asked = situation.request.flatMap { $0.requestID == id ? $0.candidate : nil }
        guard let candidate = asked ?? successor?.name else {
            progress.append(Finding(reason: .waitingForCandidate, message: missingSuccessor(of: leader)))
            plan.requeue(after: .seconds(5))
            return
        }
        let request = SwitchoverRequest(candidate: candidate)
        var state = newState(id: id, request: request)
        advance(&state, request: request)
        guard state.phase != .requested else {
            // Nothing was asked for yet: there is nothing to follow if the reason for it goes away.
            progress.append(Finding(reason: .switchoverInProgress, message: state.message ?? "Waiting"))
            plan.requeue(after: .seconds(5))
            return
        }
        status.handover = state
    }

    private static let retryDelay: Duration = .seconds(30)

    /// The number of the last attempt, if it was for the same purpose, primary and timeline.
    private func attempt(of last: SwitchoverStatus, purpose: String, leader: ObservedMember) -> Int? {
        let prefix = "\(purpose)-\(leader.name)-\(leader.timeline ?? 0)-"
        guard last.request.hasPrefix(prefix) else { return nil }
        return Int(last.request.dropFirst(prefix.count))
    }

    /// What `Progressing` says of it.
    mutating func describeHandover() {
        guard let state = status.handover, isHandoverRunning else { return }
        progress.append(Finding(reason: .switchoverInProgress, message: state.message ?? "Handing over"))
    }
}
