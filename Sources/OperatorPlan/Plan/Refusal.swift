public import KubernetesModels
public import PostgresClusterAPI

/// What is said of a change the API server refuses for good.
///
/// The changes behind it are not carried out, but what was seen of the cluster is true all the same: a status that stood
/// still would name a primary that is long gone.
public struct Refusal: Sendable, Hashable {
    /// Writes the status; nil when it says all this already.
    public let patch: Change?
    /// To be told when the status is written.
    public let events: [EventRequest]
    /// Tells of the refusal itself, once.
    public let announcement: EventRequest?

    /// - Parameters:
    ///   - message: what was refused and why, in one sentence.
    ///   - index: of the change in `plan`; those before it are done.
    ///   - plan: empty when there is none, because reading was refused.
    public init(
        _ message: String, at index: Int = 0, in plan: Plan = Plan(), of cluster: PostgresCluster, now: Timestamp
    ) {
        let stored = cluster.status ?? PostgresClusterStatus()
        var status = plan.truth(ifRefusedAt: index, stored: stored)
        let before = stored.condition(.degraded)
        let degraded = Condition(
            type: .degraded, status: .true, reason: ConditionReason.applyFailed.rawValue, message: message,
            lastTransitionTime: before?.status == .true ? before?.lastTransitionTime ?? now : now,
            observedGeneration: cluster.metadata.generation)
        status.replace(degraded)
        patch = statusPatch(cluster: cluster, status: status, isConditional: !plan.patchesMetadata)
        events = plan.eventsTold(ifRefusedAt: index)
        let isKnown = before?.status == .true && before?.reason == degraded.reason && before?.message == message
        announcement = isKnown ? nil : EventRequest(kind: .warning, reason: .applyFailed, note: message)
    }
}

extension Plan {
    /// A patch of the metadata changes the resourceVersion the status was made from.
    var patchesMetadata: Bool {
        changes.contains { if case .patchMetadata = $0 { true } else { false } }
    }

    /// The planned status as far as it holds when the change at `index` and those behind it are not carried out.
    ///
    /// Requests are marked as begun in the same plan that writes them into the store; where that was not reached, the mark
    /// would keep them from being carried out at all.
    fileprivate func truth(ifRefusedAt index: Int, stored: PostgresClusterStatus) -> PostgresClusterStatus {
        // A status the server does not take is no better the second time.
        guard var status, !isStatus(index) else { return stored }
        let isStoreWritten = !changes[index...].contains { if case .writeStore = $0 { true } else { false } }
        guard !isStoreWritten else { return status }
        status.switchover = stored.switchover
        status.handover = stored.handover
        status.restart = stored.restart
        status.reinitialize = stored.reinitialize
        status.automaticReinitialize = stored.automaticReinitialize
        for kind in [Condition.Kind.switchoverCompleted, .restartCompleted, .reinitializeCompleted] {
            status.conditions?.removeAll { $0.type == kind.rawValue }
            if let condition = stored.condition(kind) { status.replace(condition) }
        }
        return status
    }

    private func isStatus(_ index: Int) -> Bool {
        guard changes.indices.contains(index), case .patchStatus = changes[index] else { return false }
        return true
    }

    /// Those about what was seen, and about what was done before. None without the status that keeps them from being told
    /// again.
    fileprivate func eventsTold(ifRefusedAt index: Int) -> [EventRequest] {
        isStatus(index)
            ? []
            : changes.enumerated().compactMap { position, change in
                guard case .event(let request) = change else { return nil }
                return switch request.reason.subject {
                case .observation: request
                case .changeBefore: position < index ? request : nil
                case .changeBehind: nil
                }
            }
    }
}

extension EventReason {
    /// What an Event in a plan is about.
    fileprivate enum Subject {
        /// What became of the cluster.
        case observation
        /// What the plan does; the change stands in front of the Event, or behind it.
        case changeBefore, changeBehind
    }

    fileprivate var subject: Subject {
        switch self {
        case .primaryChanged, .failedOver, .writesResumed, .standbyClusterPromoted, .dataLossPossible, .dataLost,
            .nothingLost,
            .synchronousStandbysMissing, .synchronousStandbysComplete, .memberNeedsAttention, .memberMissing,
            .lockNotRenewed, .objectNotOurs,
            .invalidSpec, .paused, .resumed, .majorVersionChange, .imageNotAnswering, .rolesFailing, .rolesApplied,
            .rolesRepaired, .rolesAdopted:
            .observation
        case .switchoverStarted, .switchoverSucceeded, .switchoverFailed, .dataMayBeLost, .restartStarted,
            .restartSucceeded, .restartFailed, .reinitializeStarted, .reinitializeSucceeded, .reinitializeFailed,
            .memberRestarted, .applyFailed, .cleanedUp:
            .changeBefore
        case .created, .scaledUp, .scaledDown, .volumeKept, .groupVersionNotServed: .changeBehind
        }
    }
}

extension PostgresClusterStatus {
    /// Puts `condition` in the place of the one of its type, or behind the others.
    fileprivate mutating func replace(_ condition: Condition) {
        var all = conditions ?? []
        if let index = all.firstIndex(where: { $0.type == condition.type }) {
            all[index] = condition
        } else {
            all.append(condition)
        }
        conditions = all
    }
}
