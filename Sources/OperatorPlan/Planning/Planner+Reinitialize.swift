import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// A new copy of one member's data, asked for in the spec.
///
/// The operator asks the member by an annotation in the store. Its agent says whether it may be done, does it, and tells in its
/// Pod's status how far it is: it alone can look at its server and at the lock as they are.
extension Planner {
    /// Moves the request in spec.reinitialize along.
    mutating func planReinitialize() {
        guard let request = spec.reinitialize else { return withdrawReinitialize() }
        let id = request.contentHash
        var state =
            previous.reinitialize.flatMap { $0.request == id ? $0 : nil }
            ?? ReinitializeStatus(
                id: request.id, request: id, phase: .requested, instance: request.instance,
                reason: ConditionReason.requested.rawValue, requestedAt: now)
        if previous.reinitialize?.request != id, isAsMade { fail(&state, .fromCreation, Self.stoodAtCreation) }
        if state.phase == .requested { start(&state, request) }
        if state.phase == .inProgress { follow(&state, request) }
        status.reinitialize = state
        guard !state.phase.isFinal else {
            write(order: nil, at: StoreKey.reinitialize)
            return
        }
        progress.append(
            Finding(
                reason: state.phase == .inProgress ? .reinitializeInProgress : .reinitializeWaiting,
                message: state.message ?? "Reinitialize"))
    }

    /// Whether a member's data is being copied anew.
    var isReinitializeRunning: Bool { status.reinitialize?.phase == .inProgress }

    private mutating func withdrawReinitialize() {
        // Again, when it could not be written together with the end of the request.
        write(order: nil, at: StoreKey.reinitialize)
        guard var state = previous.reinitialize, !state.phase.isFinal else { return }
        fail(
            &state, .withdrawn,
            "The request was taken back; \(state.instance) goes on if its old data is out of the way already")
        status.reinitialize = state
    }

    private mutating func start(_ state: inout ReinitializeStatus, _ request: ReinitializeRequest) {
        guard situation.member(request.instance) != nil else {
            let known = situation.members.map(\.name).joined(separator: ", ")
            return fail(
                &state, .unknownInstance,
                "\(request.instance) is not a member of the cluster; members are \(known.isEmpty ? "none" : known)")
        }
        guard request.instance != situation.leader else {
            return fail(&state, .refused, "\(request.instance) is the leader, which is never reinitialized")
        }
        guard !isSwitchoverRunning, !isRestartRunning, situation.systemIdentifier != nil else {
            let asked = state.requestedAt ?? now
            let deadline = asked + .seconds(request.timeout)
            state.reason = ConditionReason.busy.rawValue
            state.message = "Waits until a switchover or a restart is done and the cluster has data"
            guard now < deadline else {
                return fail(&state, .timedOut, "\(state.message ?? ""); gave up after \(request.timeout) s")
            }
            return plan.requeue(after: min(deadline - now, .seconds(5)))
        }
        state.phase = .inProgress
        state.reason = ConditionReason.inProgress.rawValue
        state.message = "\(request.instance) is asked to copy the data anew"
        state.askedAt = now
        event(.reinitializeStarted, "Asking \(request.instance) to copy the data anew")
    }

    /// Takes in what the member says of it.
    private mutating func follow(_ state: inout ReinitializeStatus, _ request: ReinitializeRequest) {
        // Its Pod may be away for a moment.
        if situation.member(state.instance) == nil, scope.ordinal(ofPod: state.instance) ?? .max >= spec.instances {
            return fail(&state, .failed, "\(state.instance) is not a member any more")
        }
        // The id has the time in it that status keeps: without that another one would be asked for the next time.
        guard let asked = state.askedAt, previous.reinitialize?.askedAt == asked else {
            return plan.requeue(after: .seconds(1))
        }
        let order = ReinitializeOrder(
            id: "\(state.request)-\(asked.microsecondsSince1970)", member: request.instance, isForced: request.force)
        guard let answer = situation.member(state.instance)?.record.reinitialize, answer.id == order.id else {
            guard state.startedAt == nil else { return write(order: order.annotation, at: StoreKey.reinitialize) }
            let deadline = asked + .seconds(request.timeout)
            guard now < deadline else {
                return fail(
                    &state, .timedOut, "\(state.instance) has not begun after \(request.timeout) s")
            }
            plan.requeue(after: deadline - now)
            return write(order: order.annotation, at: StoreKey.reinitialize)
        }
        let sentence = bounded(
            answer.reason.isEmpty ? answer.outcome.rawValue : answer.reason, to: ReinitializeStatus.maximumMessageLength
        )
        state.percent = answer.percent
        state.startedAt = state.startedAt ?? now
        switch answer.outcome {
        case .running:
            state.message = "\(state.instance): \(sentence)"
            write(order: order.annotation, at: StoreKey.reinitialize)
        case .succeeded:
            state.phase = .succeeded
            state.reason = ConditionReason.completed.rawValue
            state.message = "\(state.instance): \(sentence)"
            state.finishedAt = now
            event(.reinitializeSucceeded, state.message ?? "")
        case .refused:
            fail(&state, .refused, "\(state.instance): \(sentence)")
        }
    }

    private mutating func fail(_ state: inout ReinitializeStatus, _ reason: ConditionReason, _ message: String) {
        state.percent = nil
        fail(&state, reason, message, as: .reinitializeFailed)
    }
}
