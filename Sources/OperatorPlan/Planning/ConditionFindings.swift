import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// The conditions as a function of what was found.
struct ConditionFindings {
    typealias Finding = Planner.Finding

    let spec: PostgresClusterSpec
    let situation: ClusterSituation
    let problems: [SpecProblem]
    let progress: [Finding]
    let faults: [Finding]
    /// Members that should have come up by now.
    let overdue: [Unready]
    let switchover: SwitchoverStatus?
    let failover: FailoverStatus?
    let restart: RestartStatus?
    let reinitialize: ReinitializeStatus?
    /// nil while no role is declared.
    let roles: (status: Condition.Status, finding: Finding)?
    let majorVersionChange: Finding?
    let timeline: Int64?

    /// In a fixed order. SynchronousReplication appears with its mode, DataLossPossible with the first failover,
    /// SwitchoverCompleted, RestartCompleted and ReinitializeCompleted with the first request,
    /// RolesReady while roles are declared, MajorVersionChange while there is one.
    var conditions: [(Condition.Kind, Condition.Status, Finding)] {
        var all: [(Condition.Kind, Condition.Status, Finding)] = [
            (.ready, isReady ? .true : .false, ready),
            (.primaryAvailable, isWritable ? .true : doubt == nil ? .false : .unknown, primary),
            (.progressing, isProgressing ? .true : .false, progressing),
            (
                .degraded, degraded.map { _ in .true } ?? .false,
                degraded ?? Finding(reason: .sound, message: "Nothing is missing")
            ),
            (.configurationValid, problems.isEmpty && refused.isEmpty ? .true : .false, configuration),
            (.paused, paused.status, paused.finding),
        ]
        if let synchronous { all.append((.synchronousReplication, synchronous.status, synchronous.finding)) }
        if let failover, let loss = failover.loss { all.append(lost(loss, failover)) }
        if let switchover {
            all.append(completed(.switchoverCompleted, switchover.phase, switchover.reason, switchover.message))
        }
        if let restart { all.append(completed(.restartCompleted, restart.phase, restart.reason, restart.message)) }
        if let reinitialize {
            all.append(
                completed(
                    .reinitializeCompleted, reinitialize.phase, reinitialize.reason, reinitialize.message))
        }
        if let roles { all.append((.rolesReady, roles.status, roles.finding)) }
        if let majorVersionChange { all.append((.majorVersionChange, .true, majorVersionChange)) }
        return all
    }

    private var readyCount: Int { situation.members.count(where: \.isReady) }
    private var isComplete: Bool { situation.members.count == spec.instances && readyCount == spec.instances }
    var isInitialized: Bool { situation.systemIdentifier != nil }
    private var isWritable: Bool { doubt == nil && situation.primary != nil && situation.standbyLeader == nil }
    private var isReady: Bool { problems.isEmpty && doubt == nil && situation.primary != nil && isComplete }

    private var ready: Finding {
        if !problems.isEmpty { return configuration }
        if situation.primary == nil || doubt != nil { return primary }
        if !isComplete { return firstProgress ?? degraded ?? missing }
        if let leader = situation.standbyLeader {
            return Finding(
                reason: .standbyHealthy,
                message: "\(leader.name) leads a standby cluster\(remote) on timeline \(timeline ?? 0); "
                    + "\(readyCount) of \(spec.instances) members are ready")
        }
        return Finding(
            reason: .healthy,
            message: "\(situation.primary?.name ?? "") leads on timeline \(timeline ?? 0); "
                + "\(readyCount) of \(spec.instances) members are ready")
    }

    var primary: Finding {
        if let doubt { return doubt }
        if let leader = situation.standbyLeader {
            return Finding(
                reason: .standbyLeaderRunning,
                message: "\(leader.name) leads a standby cluster\(remote) and accepts no writes")
        }
        if let primary = situation.primary {
            return Finding(
                reason: .primaryRunning, message: "\(primary.name) accepts writes on timeline \(timeline ?? 0)")
        }
        guard isInitialized else {
            return Finding(
                reason: .bootstrapping,
                message: overdue.isEmpty
                    ? "The first member is making the cluster's data" : "No member has made the cluster's data yet")
        }
        guard let leader = situation.leader else {
            return Finding(
                reason: .noPrimary, message: bounded("Nobody holds the lock: \(candidates)", to: Self.maximumLength))
        }
        return Finding(
            reason: .primaryNotRunning,
            message: bounded(
                "\(leader) holds the lock and does not accept writes (yet): \(hindrance(ofHolder: leader))",
                to: Self.maximumLength))
    }

    /// Who holds the lock and does not renew it may be cut off, or dead, or serve by consent of the others.
    private var doubt: Finding? {
        guard let leader = situation.leader, let since = situation.lockUnrenewedSince else { return nil }
        return Finding(
            reason: .lockNotRenewed,
            message: "\(leader) holds the lock and has not renewed it since \(since), for longer than it is good; "
                + "whether it still accepts writes is not known")
    }

    /// Of what members and others have written: a sentence too long must not have the whole status refused.
    private static let maximumLength = 4096

    private var remote: String { spec.remote.map { " of \($0.host):\($0.port)" } ?? "" }

    private var firstProgress: Finding? { progress.first }
    private var isProgressing: Bool { problems.isEmpty && (!progress.isEmpty || isStarting) }

    /// Members that were never ready yet, or not there yet, and still have time.
    private var isStarting: Bool {
        let absent = overdue.count(where: { situation.member($0.name) == nil })
        return !isInitialized || situation.members.count != spec.instances - absent
            || situation.members.contains(where: isComingUp)
    }

    private func isComingUp(_ member: ObservedMember) -> Bool {
        Self.isOnTheWay(member) && !overdue.contains { $0.name == member.name }
    }

    static func isOnTheWay(_ member: ObservedMember) -> Bool {
        guard !member.isReady, member.problem == nil else { return false }
        return member.state == nil || member.isDeleting || statesOnTheWay.contains(member.state ?? "")
    }

    private static let statesOnTheWay: Set<String> = [
        "initializing new cluster", "creating replica", "starting", "restarting",
    ]

    private var progressing: Finding {
        if !problems.isEmpty { return configuration }
        if let firstProgress { return firstProgress }
        if !isInitialized { return primary }
        if !isStarting, let late { return late }
        return isStarting ? missing : Finding(reason: .stable, message: "The cluster is as the spec wants it")
    }

    private var missing: Finding {
        let waiting = situation.members.filter { !$0.isReady }.map { "\($0.name) (\($0.state ?? "starting"))" }
        return Finding(
            reason: .membersStarting,
            message: waiting.isEmpty
                ? "\(situation.members.count) of \(spec.instances) members exist"
                : "Not ready: \(waiting.joined(separator: ", "))")
    }

    private var degraded: Finding? {
        if let fault = faults.first { return fault }
        if let leaderless { return leaderless }
        let attention = situation.attention
        if !attention.isEmpty {
            return Finding(
                reason: .memberNeedsAttention, message: attention.map(\.note).joined(separator: "; "))
        }
        if isInitialized && situation.primary == nil { return primary }
        if let late { return late }
        let failed = situation.members.filter { Self.failedStates.contains($0.state ?? "") && !$0.isReady }
        if !failed.isEmpty {
            let list = failed.map { "\($0.name): \($0.state ?? "")" }.joined(separator: ", ")
            return Finding(reason: .memberFailed, message: list)
        }
        let down = situation.members.filter { !$0.isReady && !isComingUp($0) }
        guard !down.isEmpty else { return nil }
        let list = down.map { member in member.name + (member.silence.map { " (\($0.sentence))" } ?? "") }
        return Finding(
            reason: .membersNotReady,
            message: bounded("Not ready: \(list.joined(separator: ", "))", to: Self.maximumLength))
    }

    /// Nobody leads, or nobody knows: what members say besides, which may well be why, changes the message and not the reason.
    private var leaderless: Finding? {
        if let doubt {
            let sentences = [doubt.message] + situation.attention.map(\.note)
            return Finding(
                reason: doubt.reason, message: bounded(sentences.joined(separator: "; "), to: Self.maximumLength))
        }
        return isInitialized && situation.leader == nil ? primary : nil
    }

    /// Members that should have come up by now, each with what keeps it.
    private var late: Finding? {
        guard !overdue.isEmpty else { return nil }
        let list = overdue.map { "\($0.name): \($0.wait.sentence) (not ready since \($0.since))" }
        return Finding(
            reason: .memberMissing, message: bounded(list.joined(separator: "; "), to: Self.maximumLength))
    }

    private static let failedStates: Set<String> = [
        "initdb failed", "start failed", "stop failed", "crashed", "custom bootstrap failed",
    ]

    /// A spec that is refused is carried out in nothing; of what members refuse, the rest is in force.
    private var configuration: Finding {
        if !problems.isEmpty {
            return Finding(reason: .invalidSpec, message: problems.map(\.description).joined(separator: "; "))
        }
        if !refused.isEmpty {
            return Finding(
                reason: .refusedByMember, message: bounded(refused.joined(separator: "; "), to: Self.maximumLength))
        }
        return Finding(reason: .accepted, message: "The spec is valid")
    }

    private var refused: [String] { situation.refused }

    private func lost(_ loss: LossStatus, _ failover: FailoverStatus) -> (
        Condition.Kind, Condition.Status, Finding
    ) {
        let (status, reason): (Condition.Status, ConditionReason) =
            switch loss.outcome {
            case .unknown: (.unknown, .notReported)
            case .nothing: (.false, .nothingLost)
            case .possible: (.true, .unconfirmedWrites)
            case .lost: (.true, .commitsLost)
            }
        return (.dataLossPossible, status, Finding(reason: reason, message: loss.message(of: failover)))
    }

    private func completed(
        _ kind: Condition.Kind, _ phase: RequestPhase, _ reason: String, _ message: String?
    ) -> (Condition.Kind, Condition.Status, Finding) {
        let (status, standard): (Condition.Status, ConditionReason) =
            switch phase {
            case .requested: (.unknown, .requested)
            case .inProgress: (.unknown, .inProgress)
            case .succeeded: (.true, .completed)
            case .failed: (.false, .failed)
            }
        // A status of an earlier release may hold an agent's own words.
        return (kind, status, Finding(reason: ConditionReason(rawValue: reason) ?? standard, message: message ?? ""))
    }
}
