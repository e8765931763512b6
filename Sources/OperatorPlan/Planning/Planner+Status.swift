import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// What the resource says of the cluster, and the Events about what became different.
extension Planner {
    mutating func planStatus(problems: [SpecProblem]) {
        status.observedGeneration = cluster.metadata.generation
        status.selector = context.podSelector.map { "\($0)=\($1)" }.sorted().joined(separator: ",")
        describeHandover()
        describeMembers()
        let overdue = describeUnready()
        describePrimary()
        describeLoss()
        describePhases()
        describeRoles()
        if situation.systemIdentifier != nil, problems.isEmpty {
            status.bootstrap = status.bootstrap ?? spec.bootstrap
            status.lockObject = status.lockObject ?? context.lockObject
        }
        describeConditions(problems: problems, overdue: overdue)
        announce(problems: problems)
        plan.verdict = status.condition(.ready)?.message ?? plan.verdict
        plan.status = status
        plan.changes +=
            statusPatch(cluster: cluster, status: status, isConditional: !plan.patchesMetadata).map { [$0] } ?? []
    }

    private mutating func describeMembers() {
        let members = situation.members
        let ready = members.count(where: \.isReady)
        status.instances = members.count
        status.readyInstances = ready
        status.ready = "\(ready)/\(spec.instances)"
        status.members = members.map(\.status)
        let pending = members.filter(\.record.isRestartPending).map(\.name)
        status.pendingRestart = pending.isEmpty ? nil : pending
    }

    private mutating func describePrimary() {
        status.primary = situation.leader
        status.lockNotRenewedSince = situation.lockUnrenewedSince
        describeStandbyCluster()
        status.systemIdentifier = situation.systemIdentifier ?? previous.systemIdentifier
        status.postgresVersion = dataVersion
        guard let primary = situation.primary, let timeline = primary.timeline else { return }
        status.timeline = timeline
        status.lastPrimary = primary.name
        guard let last = previous.lastPrimary, last != primary.name else { return }
        if situation.standbyLeader != nil {
            // Nothing can be lost by it: what counts is at the remote server.
            event(.primaryChanged, "\(primary.name) is the standby leader after \(last), on timeline \(timeline)")
        } else if isRequested(from: last, to: primary.name) {
            event(.primaryChanged, "\(primary.name) leads after \(last), on timeline \(timeline)")
        } else {
            status.lastFailover = FailoverStatus(
                from: last, to: primary.name, timeline: timeline, at: now, reason: "PrimaryLost",
                loss: LossStatus(outcome: .unknown))
            warn(.failedOver, "\(primary.name) took over from \(last), on timeline \(timeline)")
        }
    }

    /// Stays while nobody is known to lead: the end of it is told when a primary is known to accept writes.
    private mutating func describeStandbyCluster() {
        if situation.standbyLeader != nil {
            status.standbyCluster = true
        } else if situation.primary != nil, situation.lockUnrenewedSince == nil {
            status.standbyCluster = nil
        }
    }

    /// Whether a switchover accounts for the change, be it still on its way or just done.
    ///
    /// One that was done before a failover, or a minute ago, accounts for a change that has been told already.
    private func isRequested(from: String, to: String) -> Bool {
        [status.switchover, status.handover].contains { state in
            guard let state, state.from == from, state.to == nil || state.to == to else { return false }
            switch state.phase {
            case .requested, .failed: return false
            case .inProgress: return true
            case .succeeded:
                guard let finished = state.finishedAt else { return false }
                return now - finished <= Self.visibilityDelay && finished >= previous.lastFailover?.at ?? finished
            }
        }
    }

    /// How much later than its result the new primary may show.
    private static let visibilityDelay: Duration = .seconds(60)

    private mutating func describeConditions(problems: [SpecProblem], overdue: [Unready]) {
        let findings = ConditionFindings(
            spec: spec, situation: situation, problems: problems, progress: progress, faults: faults, overdue: overdue,
            switchover: status.switchover, failover: status.lastFailover, restart: status.restart,
            reinitialize: status.reinitialize,
            roles: rolesReady, majorVersionChange: majorVersionChange, timeline: status.timeline)
        status.conditions = findings.conditions.map { kind, value, finding in
            let before = previous.condition(kind)
            return Condition(
                type: kind, status: value, reason: finding.reason.rawValue, message: finding.message,
                lastTransitionTime: before?.status == value ? before?.lastTransitionTime ?? now : now,
                observedGeneration: cluster.metadata.generation)
        }
    }

    /// Events for conditions that became true or false with this look; nothing is repeated.
    private mutating func announce(problems: [SpecProblem]) {
        let rejected = status.condition(.configurationValid)
        if let rejected, rejected.reason == ConditionReason.invalidSpec.rawValue,
            rejected.message != previous.condition(.configurationValid)?.message
        {
            warn(.invalidSpec, rejected.message)
        }
        let degraded = status.condition(.degraded)
        if let degraded, degraded.reason == ConditionReason.objectNotOurs.rawValue,
            previous.condition(.degraded)?.message != degraded.message
        {
            warn(.objectNotOurs, degraded.message)
        }
        announceSynchronous()
        announceStandbyCluster()
        announceRoles()
        let known = Set((previous.members ?? []).compactMap(\.problem))
        for (sentence, note) in situation.attention where !known.contains(sentence) {
            warn(.memberNeedsAttention, note)
        }
        announceFault()
        guard problems.isEmpty, let before = previous.condition(.paused)?.status,
            let paused = status.condition(.paused)?.status, paused != before
        else { return }
        switch paused {
        case .true: event(.paused, "Automatic actions are off")
        case .false: event(.resumed, "Automatic actions are on again")
        case .unknown: break
        }
    }
}

extension Planner {
    /// Told when it begins; what its message says may change with each try.
    private mutating func announceFault() {
        if let degraded = beginning(.memberMissing, of: .degraded) { warn(.memberMissing, degraded.message) }
        // Degraded has room for one reason, and a fault comes before this one.
        if let available = beginning(.lockNotRenewed, of: .primaryAvailable) {
            warn(.lockNotRenewed, available.message)
        }
    }

    /// The condition, when it has this reason and had another one before.
    private func beginning(_ reason: ConditionReason, of kind: Condition.Kind) -> Condition? {
        guard let condition = status.condition(kind), condition.reason == reason.rawValue,
            previous.condition(kind)?.reason != condition.reason
        else { return nil }
        return condition
    }

    private mutating func announceStandbyCluster() {
        // The condition alone tells it in a status that an operator without the field has written.
        let before = previous.condition(.primaryAvailable)?.reason
        guard previous.standbyCluster == true || before == ConditionReason.standbyLeaderRunning.rawValue,
            let now = status.condition(.primaryAvailable), now.status == .true
        else { return }
        event(.standbyClusterPromoted, now.message)
    }

    /// Each way in which fewer standbys confirm than were asked for is told when it begins, and once when it is over.
    private mutating func announceSynchronous() {
        guard let condition = status.condition(.synchronousReplication) else { return }
        let before = previous.condition(.synchronousReplication)
        switch condition.status {
        case .false:
            if before?.status != .false || before?.reason != condition.reason {
                warn(.synchronousStandbysMissing, condition.message)
            }
        case .true:
            if let before, before.status != .true { event(.synchronousStandbysComplete, condition.message) }
        case .unknown: break
        }
    }
}

/// The patch that makes the stored status equal to `status`; nil when it is already.
func statusPatch(cluster: PostgresCluster, status: PostgresClusterStatus, isConditional: Bool = true) -> Change? {
    guard status != cluster.status else { return nil }
    var body: [String: JSONValue]
    do {
        body = try JSONValue(encoding: status).objectValue ?? [:]
        // A merge patch keeps what it does not name.
        let stored = try cluster.status.map { try JSONValue(encoding: $0).objectValue ?? [:] } ?? [:]
        body = replacing(stored, with: body)
    } catch {
        // Plain values of our own types; they encode.
        preconditionFailure("status does not encode: \(error)")
    }
    var patch: JSONValue = ["status": .object(body)]
    if isConditional, let version = cluster.metadata.resourceVersion {
        patch["metadata"] = ["resourceVersion": .string(version)]
    }
    return .patchStatus(patch)
}

/// A merge patch from one object to another: nulls for what is gone, at every depth.
private func replacing(_ old: [String: JSONValue], with new: [String: JSONValue]) -> [String: JSONValue] {
    var patch = new
    for (key, before) in old {
        switch (before, new[key]) {
        case (_, nil): patch[key] = .null
        case (.object(let before), .object(let after)): patch[key] = .object(replacing(before, with: after))
        case _: break
        }
    }
    return patch
}
