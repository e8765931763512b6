import ClusterRecords
import ClusterStore
import HighAvailability
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Works out what this member says of itself, and whether its Pod is behind a Service.
    ///
    /// - Parameter isTakingOffice: the promotion is complete, though its activity has not ended.
    func publish(_ view: ClusterView, lock: LockStanding, isTakingOffice: Bool = false) {
        let facts = PresenceFacts(
            server: server, activity: activity?.kind, isMine: lock.isMine, isTakingOffice: isTakingOffice,
            isPromotionLong: reign.promotionProblem != nil, isStandbyCluster: view.configuration.standbyCluster != nil,
            isStopping: isStopping, isRouteWithdrawn: reign.isRouteWithdrawn,
            wasStandbyLeader: publisher.wanted?.status.role == .standbyLeader,
            wasRouted: publisher.wanted?.isRouted == true,
            isLabelledPrimary: view.members[me]?.isLabelledPrimary == true,
            isAnotherLabelledPrimary: view.members.values.contains { $0.name != me && $0.isLabelledPrimary })
        let hasPostmaster = instance.runningPostmaster != nil
        activities.work.look(at: work, now: clock.now, retention: view.configuration.memberSlotRetention)
        guard let presence = describePresence(facts, hasPostmaster: hasPostmaster) else { return }
        publisher.publish(
            MemberPublisher.Wish(
                status: MemberRecord(
                    connectionURL: configuration.connectionURL, apiURL: configuration.apiURL, state: presence.state,
                    role: presence.role,
                    version: AgentVersion.current, timeline: seen?.timeline,
                    replicationState: server.isPrimary ? nil : seen?.replicationState,
                    tags: tags,
                    pendingRestart: seen?.pendingRestart ?? [], isPaused: view.configuration.isPaused,
                    hasCheckpointSincePromotion: !presence.leads || reign.hasCheckpointSincePromotion,
                    position: seen?.position,
                    serverVersion: seen.map { Int($0.version.number) },
                    problem: problem(view, lock: lock, hasPostmaster: hasPostmaster), problems: problems,
                    postmasterStartTime: server.isRunning ? seen?.postmasterStartTime : nil,
                    restart: requests.restartReport(of: me, in: view), reinitialize: reinitializeReport(in: view),
                    writesRoute: file.route != nil, takeover: presence.leads ? takeoverPhases : nil,
                    work: activities.work.count, roles: presence.leads ? state.read().roles : nil,
                    missingWAL: life.missingWAL.found?.start),
                label: presence.label.change),
            seen: view.members[me].map { .member($0) } ?? .missing)
    }

    /// Of the takeover that began the timeline this server is the primary of.
    private var takeoverPhases: TakeoverPhases? {
        guard case .primary(let primary) = server else { return nil }
        return reign.phases(on: primary.timeline)
    }

    /// What it is at while it does not stream.
    private var work: WorkKeeping.Work? {
        if let activity { return .action(activity.number) }
        switch server {
        case .starting: return (instance.runningPostmaster?.pid).map { .starting($0) }
        case .standby(let running) where !running.isStreaming: return .replaying(running.position)
        case .noData, .unusable, .damaged, .stopped, .primary, .standby, .unresponsive: return nil
        }
    }

    private func problem(_ view: ClusterView, lock: LockStanding, hasPostmaster: Bool) -> String? {
        if let decision = told.decision {
            if decision.action == .refuse { return sentence(of: decision) }
            // Nobody is there to copy from: what is left may be the last data, and is not to look like an empty volume.
            if case .damaged = server, decision.action == .wait { return decision.reason }
        }
        if let problem = describeLockProblem(
            of: server, activity: activity?.kind, lock: lock, in: view, hasPostmaster: hasPostmaster)
        {
            return problem
        }
        if let volumeProblem { return volumeProblem }
        if let problem = life.checksums.found?.sentence ?? life.missingWAL.found?.sentence { return problem }
        if let problem = settingsKeeping.beginningFault?.sentence ?? reign.promotionProblem
            ?? settingsKeeping.fault?.sentence ?? settingsKeeping.unprovenFault?.sentence
            ?? settingsKeeping.automaticFault?.sentence
        {
            return problem
        }
        if let refusal = life.refusal { return refusal }
        if let objection = remoteServer.objection { return "not demoting to a standby cluster: \(objection)" }
        if let problem = remoteServer.problem ?? settingsKeeping.shortage { return problem }
        if server.isPrimary, let fault = settingsKeeping.application.fault { return fault.sentence }
        if let problem = agentFile.problem {
            return "the agent file is not used, the former one stays in force: \(problem)"
        }
        guard !settingsKeeping.storeProblems.isEmpty else {
            return describeBarToLeading(of: server, activity: activity?.kind, lock: lock, in: view)
        }
        return "the store has what cannot be read and is not used: "
            + settingsKeeping.storeProblems.map(\.description).joined(separator: "; ")
    }

    /// What somebody wrote for the cluster and this member does not use, whatever else is wrong here.
    private var problems: [Problem] {
        let faults = [
            settingsKeeping.beginningFault, settingsKeeping.fault, settingsKeeping.unprovenFault,
            settingsKeeping.automaticFault,
        ]
        let refused = faults.compactMap(\.self).flatMap(\.problems)
        let found = refused + [agentFile.problem].compactMap(\.self) + settingsKeeping.storeProblems
        return Array(found.prefix(Problem.maximumCount))
    }
}

extension Presence.Label {
    /// As it is written.
    fileprivate var change: RoleLabelChange {
        switch self {
        case .primary: .set(.primary)
        case .replica: .set(.replica)
        case .absent: .remove
        case .unchanged: .keep
        }
    }
}
