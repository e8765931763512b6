import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration

/// Restarts of PostgreSQL in place, asked for in the spec.
///
/// The operator asks one member at a time, by an annotation in the store; the member's agent carries it out and answers in
/// its Pod's status. Replicas first, the primary last: settings that keep a server from starting are found on a replica. What a
/// standby must not have less of than its primary goes down on the primary first; see `RestartSequence`.
/// The next member is asked when every member that was restarted is ready again. Nothing goes on after a failure.
extension Planner {
    /// Moves the request in spec.restart along.
    mutating func planRestart() {
        guard let request = spec.restart else { return withdrawRestart() }
        let id = request.contentHash
        var state =
            previous.restart.flatMap { $0.request == id ? $0 : nil }
            ?? RestartStatus(
                id: request.id, request: id, phase: .requested, members: concerned(by: request),
                reason: ConditionReason.requested.rawValue, requestedAt: now)
        if previous.restart?.request != id, isAsMade { fail(&state, .fromCreation, Self.stoodAtCreation) }
        if state.phase == .requested { start(&state, request) }
        if state.phase == .inProgress { goOn(&state, request) }
        status.restart = state
        if state.phase.isFinal {
            write(order: nil, at: StoreKey.restart)
        } else {
            progress.append(
                Finding(
                    reason: state.phase == .inProgress ? .restartInProgress : .restartWaiting,
                    message: state.message ?? "Restart"))
        }
    }

    /// Whether members are being restarted in place: nothing else may take one away meanwhile.
    var isRestartRunning: Bool { status.restart?.phase == .inProgress }

    private mutating func withdrawRestart() {
        // Again, when it could not be written together with the end of the request.
        write(order: nil, at: StoreKey.restart)
        guard var state = previous.restart, !state.phase.isFinal else { return }
        fail(&state, .withdrawn, "The request was taken back; a member that was asked already still restarts")
        status.restart = state
    }

    /// The members it is about, with the servers that run now: one that starts later need not be restarted.
    private func concerned(by request: RestartRequest) -> [RestartStatus.Member] {
        situation.members.filter { request.instances?.contains($0.name) ?? true }.map {
            RestartStatus.Member(name: $0.name, postmasterStartTime: $0.record.postmasterStartTime)
        }
    }

    private mutating func start(_ state: inout RestartStatus, _ request: RestartRequest) {
        if let unknown = request.instances?.first(where: { situation.member($0) == nil }) {
            let known = situation.members.map(\.name).joined(separator: ", ")
            return fail(
                &state, .unknownInstance,
                "\(unknown) is not a member of the cluster; members are \(known.isEmpty ? "none" : known)")
        }
        if let notBefore = request.notBefore, let asked = state.requestedAt, asked < notBefore {
            guard !spec.paused else {
                return fail(&state, .refused, "Can't schedule restart in the paused state")
            }
            guard now >= notBefore else {
                state.reason = ConditionReason.scheduled.rawValue
                state.message = "Waits until \(notBefore)"
                return plan.requeue(after: min(notBefore - now, .seconds(3600)))
            }
            guard now < notBefore + .seconds(request.timeout) else {
                // Who had to wait was there.
                let hasWaited = state.reason == ConditionReason.busy.rawValue
                return fail(
                    &state, hasWaited ? .timedOut : .missed,
                    hasWaited
                        ? "\(state.message ?? "Waits"); gave up after \(request.timeout) s"
                        : "Its time was \(notBefore), and nobody was there to begin within \(request.timeout) s")
            }
        }
        guard !isSwitchoverRunning, situation.systemIdentifier != nil else {
            state.reason = ConditionReason.busy.rawValue
            state.message = "Waits until a switchover is done and the cluster has data"
            return plan.requeue(after: .seconds(5))
        }
        state.phase = .inProgress
        state.reason = ConditionReason.inProgress.rawValue
        state.startedAt = now
        state.steppedAt = now
        event(.restartStarted, "Restarting PostgreSQL of \(names(of: state))")
    }

    private func names(of state: RestartStatus) -> String {
        (state.members ?? []).map(\.name).joined(separator: ", ")
    }

    /// Takes in the answer of the member that was asked, and asks the next one.
    private mutating func goOn(_ state: inout RestartStatus, _ request: RestartRequest) {
        var members = state.members ?? []
        if let index = members.firstIndex(where: { $0.phase == .restarting }) {
            if takeAnswer(&state, &members[index]) {
                state.steppedAt = now
            } else if expires(&state, request, "\(members[index].name) has not restarted") {
                members[index].phase = .failed
            } else {
                write(order: order(for: members[index], state.request, request), at: StoreKey.restart)
            }
        }
        if state.phase == .inProgress, !members.contains(where: { $0.phase == .restarting }) {
            askNext(&state, &members, request)
        }
        state.members = members
    }

    /// - Returns: false while there is no answer.
    private mutating func takeAnswer(_ state: inout RestartStatus, _ asked: inout RestartStatus.Member) -> Bool {
        guard let answer = situation.member(asked.name)?.record.restart, answer.id == state.request else {
            return false
        }
        let reason = bounded(
            answer.reason.isEmpty ? answer.outcome.rawValue : answer.reason, to: RestartStatus.maximumMessageLength)
        asked.message = reason
        switch answer.outcome {
        case .succeeded:
            asked.phase = .restarted
            event(.memberRestarted, "\(asked.name): \(reason)")
        case .skipped: asked.phase = .skipped
        case .failed:
            asked.phase = .failed
            fail(&state, .failed, "\(asked.name): \(reason)")
        }
        return true
    }

    private mutating func askNext(
        _ state: inout RestartStatus, _ members: inout [RestartStatus.Member], _ request: RestartRequest
    ) {
        while let index = next(in: members) {
            guard let member = situation.member(members[index].name) else {
                (members[index].phase, members[index].message) = (.skipped, "It is not a member any more")
                continue
            }
            if let reason = objection(to: member, members[index], request) {
                (members[index].phase, members[index].message) = (.skipped, reason)
                continue
            }
            if let missing = missing(among: members) {
                state.message = "Waits for \(missing)"
                _ = expires(&state, request, "Waited for \(missing)")
                return
            }
            members[index].phase = .restarting
            members[index].postmasterStartTime = member.record.postmasterStartTime ?? members[index].postmasterStartTime
            state.steppedAt = now
            state.message = "\(member.name) restarts"
            write(order: order(for: members[index], state.request, request), at: StoreKey.restart)
            return plan.requeue(after: .seconds(request.timeout))
        }
        succeed(&state, members)
    }

    /// Who has to come back first; nil when nobody has.
    private func missing(among members: [RestartStatus.Member]) -> String? {
        let concerned = Set(members.filter { $0.phase != .skipped }.map(\.name))
        let unready = situation.members.filter { !$0.isReady && concerned.contains($0.name) }.map(\.name)
        guard unready.isEmpty else { return "\(unready.joined(separator: ", ")) to be ready" }
        return situation.primary == nil ? "a primary" : nil
    }

    /// Fails when the last step is too long ago; otherwise sees to it that this is looked at again.
    private mutating func expires(_ state: inout RestartStatus, _ request: RestartRequest, _ failure: String) -> Bool {
        let deadline = (state.steppedAt ?? now) + .seconds(request.timeout)
        guard now >= deadline else {
            plan.requeue(after: deadline - now)
            return false
        }
        fail(&state, .timedOut, "\(failure) after \(request.timeout) s")
        return true
    }

    /// Replicas in their order, then who leads now; who leads first when it has to go down before they may.
    private func next(in members: [RestartStatus.Member]) -> Int? {
        let waiting = members.indices.filter { members[$0].phase == .waiting }
        let pending = waiting.compactMap { situation.member(members[$0].name)?.record.pendingRestart }.flatMap(\.self)
        let leadsFirst = RestartSequence(pending) == .primaryFirst
        return waiting.first { (members[$0].name == situation.leader) == leadsFirst } ?? waiting.first
    }

    /// Why a member is not to be restarted; nil when it is.
    private func objection(
        to member: ObservedMember, _ asked: RestartStatus.Member, _ request: RestartRequest
    ) -> String? {
        let role: RestartRequest.Role = member.name == situation.leader ? .primary : .replica
        if let wanted = request.role, wanted != role { return "It is the \(role.rawValue)" }
        guard let started = member.record.postmasterStartTime else { return nil }
        if let before = asked.postmasterStartTime, before != started {
            return "It was restarted meanwhile, at \(started)"
        }
        return request.onlyPending && !member.record.isRestartPending ? "No parameter waits for a restart" : nil
    }

    // MARK: The order in the store

    private func order(for member: RestartStatus.Member, _ id: String, _ request: RestartRequest) -> String {
        RestartOrder(
            id: id, member: member.name, postmasterStartTime: member.postmasterStartTime,
            onlyPending: request.onlyPending, role: request.role?.ofMembers
        ).annotation
    }

    // MARK: Ends

    private mutating func succeed(_ state: inout RestartStatus, _ members: [RestartStatus.Member]) {
        let restarted = members.filter { $0.phase == .restarted }.map(\.name)
        state.phase = .succeeded
        state.reason = (restarted.isEmpty ? ConditionReason.nothingToRestart : .completed).rawValue
        state.finishedAt = now
        state.message =
            restarted.isEmpty
            ? "Restart conditions are not satisfied on any member" : "\(restarted.joined(separator: ", ")) restarted"
        event(.restartSucceeded, state.message ?? "")
    }

    private mutating func fail(_ state: inout RestartStatus, _ reason: ConditionReason, _ message: String) {
        fail(&state, reason, message, as: .restartFailed)
    }
}

extension RestartRequest.Role {
    fileprivate var ofMembers: MemberRole {
        switch self {
        case .primary: .primary
        case .replica: .replica
        }
    }
}
