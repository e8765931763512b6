import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresInstance
import Units

extension AgentLoop {
    /// Does what was decided. Only starts what takes long.
    func carryOut(_ decision: Decision, _ observation: Observation) async {
        switch decision.action {
        case .wait:
            await prepareToTakeOver(observation)
            await keepSettings(observation)
            await keepCascade(observation)
        case .bootstrap:
            begin(.bootstrapping) { try await $0.bootstrap() }
        case .bootstrapStandby:
            begin(.bootstrapping) { try await $0.bootstrapStandby() }
        case .clone(let source):
            begin(.cloning) { try await $0.clone(from: source) }
        case .race:
            begin(.racing) { try await $0.race() }
        case .acquire:
            begin(.racing) { try await $0.acquireWithoutRace() }
        case .startPrimary:
            begin(.startingPrimary) { try await $0.startPrimary() }
        case .startStandby(let leader):
            begin(.startingStandby) { try await $0.startStandby(following: leader) }
        case .promote:
            begin(.promoting) { try await $0.promote() }
        case .lead:
            await lead(observation)
        case .follow(let leader, let source), .rejoin(let leader, let source):
            begin(.rejoining) { try await $0.rejoin(leader, from: source) }
        case .followRemote:
            begin(.rejoining) { try await $0.followRemote() }
        case .leadStandby:
            await leadStandby(observation)
        case .demoteCluster:
            begin(.demotingCluster) { try await $0.demoteCluster() }
        case .demote:
            guard activity?.kind != .demoting else { return }
            begin(.demoting, overtaking: true) { try await $0.demote() }
        case .recover:
            begin(.recovering) { try await $0.instance.crashRecovery() }
        case .handOver(let candidate, let requestID):
            let request = observation.cluster.failover
            begin(.handingOver) { agent in
                if agent.isStandbyLeader {
                    await agent.handOverStandby(to: candidate, requestID: requestID, request: request)
                } else {
                    try await agent.handOver(to: candidate, requestID: requestID, request: request)
                }
            }
        case .refuseHandOver(let requestID):
            await refuseHandOver(decision.reason, requestID: requestID, observation)
        case .finishHandOver(let requestID):
            guard let request = observation.cluster.failover else { return }
            let result = SwitchoverResult(
                requestID: requestID, succeeded: true, from: request.leader, to: me, reason: decision.reason)
            await finish(request, result)
        case .restart:
            begin(.restarting) { agent in
                // A primary that answers nobody is not waited for; a standby that does not answer still confirms commits.
                if case .mine = observation.lock {} else { await agent.leaveSynchronous(within: agent.timings.ttl) }
                try await agent.killServer()
            }
        case .restartInPlace(let order):
            story.noteRestart()
            if case .primary = observation.server {
                begin(.restartingPrimary) { try await $0.restartPrimary(order) }
            } else {
                begin(.restartingStandby) { try await $0.restartStandby(order) }
            }
        case .answerRestart(let report):
            logger.notice("not restarting: \(report.reason)")
            restartReport = report
        case .release:
            let isOut = observation.outage?.successor != nil
            let wasAskedToPromote = if case .standby = observation.server { true } else { false }
            let givesWay = isOut || observation.isWatchdogMissing
            let isPaused = observation.cluster.configuration.isPaused
            begin(.racing) { agent in
                if isPaused, case .stopped = agent.server, try await agent.isRestartedByHand(within: .seconds(2)) {
                    return
                }
                // It may have done so since this was decided: then it leads after all.
                if isOut, wasAskedToPromote, await agent.hasEndedRecovery() { return }
                // A primary must be gone before anybody else may lead, and backends outlive a postmaster that was killed. So
                // must a standby that was asked to become one, and may yet do so.
                if case .standby = agent.server, !isOut {} else { try await agent.killServer() }
                if givesWay { agent.gaveWayUntil = .now() + agent.timings.ttl }
                _ = await agent.keeper.release(heir: nil, position: nil)
                if givesWay { agent.standsBackUntil = agent.gaveWayUntil }
                // What runs is a standby, which needs no deadline.
                try agent.keeper.lowerFence()
                try await Task.sleep(for: agent.timings.retryTimeout)
            }
        case .shutDown:
            begin(.stopping) { try await $0.shutDown() }
        case .refuse:
            break
        }
    }

    private func refuseHandOver(_ reason: String, requestID: String?, _ observation: Observation) async {
        guard let request = observation.cluster.failover else { return }
        logger.warning("\(reason)")
        let result = SwitchoverResult(
            requestID: requestID, succeeded: false, from: me, to: request.candidate, reason: reason)
        await finish(request, result)
    }

    func finish(_ request: FailoverRequest?, _ result: SwitchoverResult) async {
        do {
            try await store.finishFailover(request, result: result, deadline: .now() + timings.retryTimeout)
            answeredRequest = request
        } catch {
            logger.warning("could not record the switchover's outcome", metadata: ["error": "\(error)"])
        }
    }
}
