import ClusterRecords
import ClusterStore
import HighAvailability
import PostgresConfiguration
import PostgresInstance
import Units

extension AgentLoop {
    /// Works out what this member says of itself, and whether its Pod is behind a Service.
    ///
    /// - Parameter isTakingOffice: the promotion is complete, though its activity has not ended.
    func publish(_ view: ClusterView, lock: LockStanding, isTakingOffice: Bool = false) {
        // What it would say between standby and leader is true for a tenth of a second, and the write that makes it the
        // leader would have to wait for that one.
        // One that takes long is another matter: people want to know what it waits for.
        if activity?.kind == .promoting, lock.isMine, !isTakingOffice, reign.promotionProblem == nil { return }
        let isPrimary: Bool
        let isRunning: Bool
        switch server {
        case .primary: (isPrimary, isRunning) = (true, true)
        case .standby: (isPrimary, isRunning) = (false, true)
        case .noData, .unusable, .damaged, .stopped, .starting, .unresponsive: (isPrimary, isRunning) = (false, false)
        }
        let busy = isTakingOffice ? nil : activity?.kind
        let leads = lock.isMine && isPrimary && (busy == nil || busy == .handingOver)
        let leadsStandby =
            lock.isMine && isRunning && !isPrimary && view.configuration.standbyCluster != nil
            && (busy == nil || (busy == .rejoining && publisher.wanted?.status.role == .standbyLeader))
        let state = memberState(isRunning: isRunning, busy: busy)
        let role: MemberRole
        if leadsStandby {
            role = .standbyLeader
        } else if leads || (lock.isMine && busy == .restartingPrimary) {
            role = .primary
        } else if isRunning, !isPrimary {
            role = .replica
        } else {
            role = hasData ? (isPrimary ? .demoted : .replica) : .uninitialized
        }
        let label: RoleLabelChange
        if reign.isRouteWithdrawn {
            label = .remove
        } else if leads || leadsStandby {
            // What the view shows may be from before a write of ours that took the label off.
            let hasLabel = view.members[me]?.isLabelledPrimary == true && publisher.wanted?.isRouted == true
            label = hasLabel ? .keep : .set(.primary)
        } else if keepsRoute(view, lock: lock) {
            label = .keep
        } else {
            label = isRunning && !isPrimary && !isStopping ? .set(.replica) : .remove
        }
        publisher.publish(
            MemberPublisher.Wish(
                status: MemberRecord(
                    connectionURL: configuration.connectionURL, apiURL: configuration.apiURL, state: state, role: role,
                    version: AgentVersion.current, timeline: seen?.timeline,
                    replicationState: !isPrimary && seen?.receiver?.isStreaming == true ? "streaming" : nil, tags: tags,
                    pendingRestart: seen?.pendingRestart ?? [], isPaused: view.configuration.isPaused,
                    hasCheckpointSincePromotion: !leads || reign.hasCheckpointSincePromotion, position: seen?.position,
                    serverVersion: seen.map { Int($0.version.number) }, problem: problem, problems: problems,
                    postmasterStartTime: isRunning ? seen?.postmasterStartTime : nil,
                    restart: requests.restartReport(of: me, in: view),
                    writesRoute: file.route != nil),
                label: label), shown: view.members[me])
    }

    /// Whether a member that does not lead now keeps the label, for the sake of a Service that selects it.
    ///
    /// A leader that restarts in place keeps it: moving the route would cost more than the restart. One that has stopped
    /// keeps it until another has it: its address refuses connections at once. A Service without any is rejected by one table
    /// of the node's rules and led on by another; a connection that begins between the two changes gets no answer.
    private func keepsRoute(_ view: ClusterView, lock: LockStanding) -> Bool {
        guard view.members[me]?.isLabelledPrimary == true else { return false }
        if lock.isMine { return true }
        return instance.runningPostmaster == nil
            && !view.members.values.contains { $0.name != me && $0.isLabelledPrimary }
    }

    /// Takes a standby that is being promoted out of the read-only Service, where the label it gets next is its route.
    ///
    /// Done beside the promotion: a node takes some 100 ms to carry a new set of addresses out, and the new leader's would
    /// have to wait for that. Where the route is there already, the read-only Service can wait.
    func withdrawRoute() {
        reign.isRouteWithdrawn = true
        guard var wish = publisher.wanted else { return }
        wish.label = .remove
        publisher.publish(wish)
    }

    private var problem: String? {
        if let decision = told.decision, decision.action == .refuse { return decision.reason }
        if let problem = settingsKeeping.beginningFault?.sentence ?? reign.promotionProblem
            ?? settingsKeeping.fault?.sentence
        {
            return problem
        }
        if let objection = remoteServer.objection { return "not demoting to a standby cluster: \(objection)" }
        if let problem = remoteServer.problem ?? settingsKeeping.shortage { return problem }
        if let problem = agentFile.problem {
            return "the agent file is not used, the former one stays in force: \(problem)"
        }
        guard !settingsKeeping.storeProblems.isEmpty else { return nil }
        return "the store has what cannot be read and is not used: "
            + settingsKeeping.storeProblems.map(\.description).joined(separator: "; ")
    }

    /// What somebody wrote for the cluster and this member does not use, whatever else is wrong here.
    private var problems: [Problem] {
        let refused = [settingsKeeping.beginningFault, settingsKeeping.fault].compactMap(\.self).flatMap(\.problems)
        let found = refused + [agentFile.problem].compactMap(\.self) + settingsKeeping.storeProblems
        return Array(found.prefix(Problem.maximumCount))
    }

    private var hasData: Bool {
        switch server {
        case .noData, .unusable, .damaged: false
        case .stopped, .starting, .primary, .standby, .unresponsive: true
        }
    }

    private func memberState(isRunning: Bool, busy: Activity?) -> MemberState {
        switch busy {
        case .bootstrapping: .initializing
        case .cloning: .creatingReplica
        case .startingPrimary, .startingStandby: .starting
        case .demoting, .demotingCluster, .stopping: .stopping
        case .restarting, .restartingPrimary, .restartingStandby: .restarting
        case .promoting, .handingOver, .recovering, .rejoining, .racing, nil:
            switch server {
            case .primary, .standby: .running
            case .starting: .starting
            case .stopped(let stopped): stopped.isClean ? .stopped : .crashed
            case .unresponsive: .crashed
            case .noData, .unusable, .damaged: .stopped
            }
        }
    }
}
