import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// A new copy of one member's data, asked for in the spec.
///
/// The operator asks the member by an annotation in the store. Its agent says whether it may be done, does it, and tells in its
/// Pod's status how far it is: it alone can look at its server and at the lock as they are.
extension Planner {
    /// Moves the request in spec.reinitialize along, or else the copy of a replica that lacks WAL.
    mutating func planReinitialize() {
        guard !planAskedReinitialize() else { return }
        planAutomaticReinitialize()
    }

    /// - Returns: whether there is one, and it is not over.
    private mutating func planAskedReinitialize() -> Bool {
        guard let request = spec.reinitialize else {
            withdrawReinitialize()
            return false
        }
        let id = request.contentHash
        var state =
            previous.reinitialize.flatMap { $0.request == id ? $0 : nil }
            ?? ReinitializeStatus(
                id: request.id, request: id, phase: .requested, instance: request.instance,
                reason: ConditionReason.requested.rawValue, requestedAt: now)
        if previous.reinitialize?.request != id, isAsMade { fail(&state, .fromCreation, Self.stoodAtCreation) }
        if state.phase == .requested { start(&state, request) }
        if state.phase == .inProgress { follow(&state, request, former: previous.reinitialize) }
        status.reinitialize = state
        guard !state.phase.isFinal else { return false }
        tellProgress(state)
        return true
    }

    /// Whose data is being copied anew; nil: nobody's.
    var reinitializing: String? {
        [status.reinitialize, status.automaticReinitialize].compactMap(\.self).first { $0.phase == .inProgress }?
            .instance
    }

    private mutating func tellProgress(_ state: ReinitializeStatus) {
        progress.append(
            Finding(
                reason: state.phase == .inProgress ? .reinitializeInProgress : .reinitializeWaiting,
                message: state.message ?? "Reinitialize"))
    }

    private mutating func withdrawReinitialize() {
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
    ///
    /// - Parameter former: what status says of it by now.
    private mutating func follow(
        _ state: inout ReinitializeStatus, _ request: ReinitializeRequest, former: ReinitializeStatus?,
        isForMissingWAL: Bool = false
    ) {
        // Its Pod may be away for a moment.
        if situation.member(state.instance) == nil, scope.ordinal(ofPod: state.instance) ?? .max >= spec.instances {
            return fail(&state, .failed, "\(state.instance) is not a member any more")
        }
        // The id has the time in it that status keeps: without that another one would be asked for the next time.
        guard let asked = state.askedAt, former?.askedAt == asked else {
            return plan.requeue(after: .seconds(1))
        }
        let order = ReinitializeOrder(
            id: "\(state.request)-\(asked.microsecondsSince1970)", member: request.instance, isForced: request.force,
            isForMissingWAL: isForMissingWAL)
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

    // MARK: Without being asked

    /// Has a replica copied anew whose WAL is gone, where the spec wants that: one at a time, and behind everything people ask
    /// for.
    ///
    /// The member tells that its WAL is gone; its agent asks the leader again before it stops its server for it, and refuses what
    /// it would refuse a person: see ``HighAvailability/objection(to:_:)``.
    private mutating func planAutomaticReinitialize() {
        var state = previous.automaticReinitialize
        defer { status.automaticReinitialize = state }
        if state?.phase.isFinal ?? true, let next = nextWithoutWAL(after: state) { state = next }
        guard var current = state, !current.phase.isFinal else {
            // Again, when it could not be written together with the end of a request.
            return write(order: nil, at: StoreKey.reinitialize)
        }
        if current.startedAt == nil, !spec.highAvailability.reinitializeReplicasWithoutWAL || spec.paused {
            fail(&current, .withdrawn, "Replicas are not copied anew without being asked for now")
        } else {
            let request = ReinitializeRequest(instance: current.instance, timeout: Self.timeToBegin)
            follow(&current, request, former: previous.automaticReinitialize, isForMissingWAL: true)
        }
        state = current
        if current.phase.isFinal { write(order: nil, at: StoreKey.reinitialize) } else { tellProgress(current) }
    }

    /// Seconds; a member that does not begin is held up by something else.
    private static let timeToBegin = 300
    /// Between the end of one that failed, and the next; and between two of the same member. What brought it about once may do
    /// so again, and each leaves old data on the volume.
    private static let pauseAfterReinitialize = Duration.seconds(3600)

    /// The first replica, by name, that says that its WAL is gone; nil: none, or it is not its time.
    private mutating func nextWithoutWAL(after former: ReinitializeStatus?) -> ReinitializeStatus? {
        guard spec.highAvailability.reinitializeReplicasWithoutWAL, !spec.paused, !isSwitchoverRunning,
            !isRestartRunning, situation.systemIdentifier != nil, let leader = situation.leader
        else { return nil }
        let lacking = situation.members.filter {
            $0.name != leader && $0.record.missingWAL != nil && $0.isRunningReplica && $0.ordinal < spec.instances
        }
        let rested = lacking.filter { member in
            guard let former, let end = former.finishedAt, former.phase == .failed || former.instance == member.name
            else { return true }
            let due = end + Self.pauseAfterReinitialize
            guard now < due else { return true }
            plan.requeue(after: due - now)
            return false
        }
        guard let member = rested.min(by: { $0.name < $1.name }), let missing = member.record.missingWAL else {
            return nil
        }
        let request = ReinitializeRequest(instance: member.name, id: "wal-\(missing)").contentHash
        var state = ReinitializeStatus(
            request: request, phase: .inProgress, instance: member.name,
            reason: ConditionReason.inProgress.rawValue,
            message:
                "\(member.name) lacks WAL from \(missing) on, which \(leader) has not any more; it is asked to copy the "
                + "data anew",
            requestedAt: now)
        state.askedAt = now
        event(.reinitializeStarted, state.message ?? "")
        return state
    }

    private mutating func fail(_ state: inout ReinitializeStatus, _ reason: ConditionReason, _ message: String) {
        state.percent = nil
        fail(&state, reason, message, as: .reinitializeFailed)
    }
}
