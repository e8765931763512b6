import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import Units

/// Switchovers: those asked for in the spec, and the operator's own.
///
/// A request is identified by the hash of its content. It lies in the store until the primary's agent has carried it out
/// or refused it; the agent then clears it and leaves a result with the same identifier. Status records how far it is, so
/// that the same content is never carried out twice.
extension Planner {
    /// Moves the request in spec.switchover along.
    mutating func planSwitchover() {
        guard let request = spec.switchover else { return withdrawSwitchover() }
        let id = request.contentHash
        var state =
            previous.switchover?.request == id
            ? previous.switchover ?? newState(id: id, request: request) : newState(id: id, request: request)
        if previous.switchover?.request != id, isAsMade {
            fail(&state, reason: .fromCreation, message: Self.stoodAtCreation)
        }
        advance(&state, request: request)
        status.switchover = state
        if !state.phase.isFinal {
            progress.append(
                Finding(
                    reason: state.reason == ConditionReason.scheduled.rawValue
                        ? .switchoverScheduled : .switchoverInProgress,
                    message: state.message ?? "Switchover"))
        }
    }

    /// A request taken out of the spec: it is dropped while it waits, and followed to its end once it was handed over.
    private mutating func withdrawSwitchover() {
        guard var state = previous.switchover, !state.phase.isFinal else { return }
        if state.phase == .requested {
            fail(&state, reason: .withdrawn, message: "The request was taken back before its time")
        } else {
            advance(&state, request: SwitchoverRequest(candidate: state.to))
        }
        status.switchover = state
    }

    /// What the agents were asked for goes on while the spec is refused: it is followed, and nothing new is begun.
    mutating func followSwitchover() {
        guard var state = previous.switchover, state.phase == .inProgress else { return }
        let request = spec.switchover.flatMap { $0.contentHash == state.request ? $0 : nil }
        advance(&state, request: request ?? SwitchoverRequest(candidate: state.to))
        status.switchover = state
    }

    func newState(id: String, request: SwitchoverRequest) -> SwitchoverStatus {
        SwitchoverStatus(
            id: request.id, request: id, phase: .requested, reason: ConditionReason.requested.rawValue,
            requestedAt: now)
    }

    /// One step of a request: not before its time, then handed over, then its result or its timeout.
    mutating func advance(_ state: inout SwitchoverStatus, request: SwitchoverRequest) {
        guard !state.phase.isFinal else { return }
        if let result = situation.result, result.requestID == state.request {
            return finish(&state, result: result)
        }
        switch state.phase {
        case .requested: start(&state, request: request)
        case .inProgress: supervise(&state, request: request)
        case .succeeded, .failed: break
        }
    }

    private mutating func start(_ state: inout SwitchoverStatus, request: SwitchoverRequest) {
        if situation.request?.requestID == state.request {
            // The store was written and the status was not: go on from there.
            return begin(&state, from: situation.leader, to: request.candidate, writes: false)
        }
        if let notBefore = request.notBefore {
            guard !spec.paused || state.requestedAt.map({ $0 >= notBefore }) ?? true else {
                return fail(&state, reason: .refused, message: "Can't schedule switchover in the paused state")
            }
            guard now >= notBefore else {
                state.reason = ConditionReason.scheduled.rawValue
                state.message = "Waits until \(notBefore)"
                return plan.requeue(after: min(notBefore - now, .seconds(3600)))
            }
            guard now < notBefore + .seconds(request.timeout) else {
                // Who had to wait was there.
                let hasWaited = [ConditionReason.noPrimary, .busy].contains { $0.rawValue == state.reason }
                return fail(
                    &state, reason: hasWaited ? .timedOut : .missed,
                    message: hasWaited
                        ? "\(state.message ?? "Waits"); gave up after \(request.timeout) s"
                        : "Its time was \(notBefore), and nobody was there to begin within \(request.timeout) s")
            }
        }
        if let refusal = refusal(of: request) {
            return fail(&state, reason: refusal.reason, message: refusal.message)
        }
        if let candidate = request.candidate, candidate == situation.leader {
            return succeed(&state, from: candidate, to: candidate, reason: .alreadyPrimary)
        }
        if situation.leader == nil && request.mode == .planned {
            return wait(&state, request, reason: .noPrimary, message: "Waits for a primary to hand over from")
        }
        if let wanted = request.leader, wanted != situation.leader {
            return fail(
                &state, reason: .leaderChanged,
                message: "\(situation.leader ?? "Nobody") leads, and the request is for \(wanted)")
        }
        if status.handover?.phase == .inProgress {
            return wait(&state, request, reason: .busy, message: "Waits until another hand-over is done")
        }
        if previous.restart?.phase == .inProgress {
            return wait(&state, request, reason: .busy, message: "Waits until the restart is done")
        }
        // A request of ours that this one replaces is overwritten; anybody else's is waited for.
        if let pending = situation.request,
            pending.requestID == nil || pending.requestID != previous.switchover?.request
        {
            return wait(&state, request, reason: .busy, message: "Waits until another request is done")
        }
        begin(&state, from: situation.leader, to: request.candidate, writes: true, mode: request.mode)
    }

    /// Why a request cannot be carried out, whatever happens; nil when it can.
    private func refusal(of request: SwitchoverRequest) -> Finding? {
        guard let candidate = request.candidate else {
            if spec.instances == 1 {
                return Finding(reason: .noCandidate, message: "A cluster of one instance has nobody to hand over to")
            }
            return spec.paused
                ? Finding(reason: .candidateNeeded, message: "While paused a switchover needs a candidate") : nil
        }
        guard let member = situation.member(candidate) else {
            let known = situation.members.map(\.name).joined(separator: ", ")
            return Finding(
                reason: .unknownCandidate,
                message: "\(candidate) is not a member of the cluster; members are \(known.isEmpty ? "none" : known)")
        }
        // In need it may be the only one.
        guard member.ordinal < spec.instances || request.mode == .forced || candidate == situation.leader else {
            return Finding(
                reason: .candidateNotEligible,
                message: "\(candidate) is about to be removed: spec.instances leaves the members up to "
                    + scope.pod(spec.instances - 1))
        }
        guard member.tags.mayLead || candidate == situation.leader else {
            return Finding(
                reason: .candidateNotEligible, message: "\(candidate) may not lead: its tags exclude it")
        }
        return nil
    }

    private mutating func wait(
        _ state: inout SwitchoverStatus, _ request: SwitchoverRequest, reason: ConditionReason, message: String
    ) {
        let since = max(state.requestedAt ?? now, request.notBefore ?? state.requestedAt ?? now)
        let deadline = since + .seconds(request.timeout)
        guard now < deadline else {
            return fail(&state, reason: .timedOut, message: "\(message); gave up after \(request.timeout) s")
        }
        state.reason = reason.rawValue
        state.message = message
        plan.requeue(after: deadline - now)
    }

    private mutating func begin(
        _ state: inout SwitchoverStatus, from leader: String?, to candidate: String?, writes: Bool,
        mode: SwitchoverRequest.Mode = .planned
    ) {
        if writes {
            // Without a leader in it the request is a failover: it holds whoever leads.
            let request = FailoverRequest(
                leader: mode == .forced ? nil : leader, candidate: candidate, requestID: state.request)
            write(request: request.annotations)
        }
        state.phase = .inProgress
        state.reason = ConditionReason.inProgress.rawValue
        state.from = leader
        state.to = candidate
        state.startedAt = now
        let to = candidate ?? "its best replica"
        state.message =
            leader.map { "\($0) hands over to \(to)" } ?? "Nobody leads: \(to) is to take over, whatever it lacks"
        event(.switchoverStarted, state.message ?? "")
    }

    private mutating func supervise(_ state: inout SwitchoverStatus, request: SwitchoverRequest) {
        let started = state.startedAt ?? now
        let isCleared = situation.request?.requestID != state.request
        // Once an agent has taken it off it cannot be withdrawn any more.
        let deadline = started + .seconds(request.timeout) + (isCleared ? longestHandOver : .zero)
        if isCleared, let primary = situation.primary, primary.name != state.from,
            state.to == nil || state.to == primary.name, now - started > Self.resultDelay
        {
            // The result was overwritten or its writer died; the state of the cluster says the same.
            return succeed(&state, from: state.from, to: primary.name, reason: .completed)
        }
        guard now < deadline else {
            if !isCleared { write(request: FailoverRequest.noAnnotations) }
            return fail(
                &state, reason: .timedOut,
                message: isCleared
                    ? "The request was taken up, or taken off, and nobody has told what became of it"
                    : "Not done after \(request.timeout) s; withdrawn")
        }
        plan.requeue(after: min(deadline - now, isCleared ? Self.resultDelay : deadline - now))
    }

    /// How long a primary may take to stop, and its heir to receive the last record.
    private var longestHandOver: Duration {
        let stop = spec.highAvailability.primaryStopTimeout
        return .seconds(min(stop > 0 ? stop : 30, 600) + 30)
    }

    private mutating func write(request annotations: [String: String?]) {
        let key = ObjectKey(context.storeResource, scope.storeFailover)
        plan.changes.append(.writeStore(storeWrite(key, observed.store.failover, annotations)))
    }

    /// How long the result may lag behind the deed.
    private static let resultDelay: Duration = .seconds(5)

    private mutating func finish(_ state: inout SwitchoverStatus, result: SwitchoverResult) {
        state.from = result.from ?? state.from
        state.outageMillis = result.outage?.milliseconds
        if result.succeeded {
            succeed(
                &state, from: state.from, to: result.to ?? state.to,
                reason: result.loss == nil ? .completed : .completedAtLoss, loss: result.loss)
        } else {
            fail(
                &state, reason: .refused,
                message: "The primary's agent refused" + (result.reason.isEmpty ? "" : ": \(result.reason)"))
        }
    }

    private mutating func succeed(
        _ state: inout SwitchoverStatus, from: String?, to: String?, reason: ConditionReason, loss: String? = nil
    ) {
        state.phase = .succeeded
        state.reason = reason.rawValue
        state.from = from
        state.to = to
        state.finishedAt = now
        let outage = state.outageMillis.map { ", writes stood still for \($0) ms" } ?? ""
        state.message =
            from == to ? "\(to ?? "") is the primary already" : "\(to ?? "?") took over from \(from ?? "?")\(outage)"
        if let loss {
            state.message = bounded(
                (state.message ?? "") + "; data may be lost: \(loss)", to: SwitchoverStatus.maximumMessageLength)
            warn(.dataMayBeLost, "\(to ?? "?") took over from \(from ?? "?"): \(loss)")
        }
        event(.switchoverSucceeded, state.message ?? "")
    }

    private mutating func fail(_ state: inout SwitchoverStatus, reason: ConditionReason, message: String) {
        fail(&state, reason, message, as: .switchoverFailed)
    }
}
