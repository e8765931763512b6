import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import ServerControl
import Units

extension AgentLoop {
    /// Does what was decided. Only starts what takes long.
    func carryOut(_ decision: Decision, _ observation: Observation) async {
        switch decision.action {
        case .wait:
            await prepareToTakeOver(observation)
            await keepSettings(observation)
            await keepCascade(observation)
            askForSlot(observation)
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
            told.story.noteRestart()
            if case .primary = observation.server {
                begin(.restartingPrimary) { try await $0.restartPrimary(order) }
            } else {
                begin(.restartingStandby) { try await $0.restartStandby(order) }
            }
        case .answerRestart(let report):
            logger.notice("not restarting: \(report.reason)")
            requests.noteAnswer(report)
        case .reinitialize(let order, let source):
            begin(.reinitializing) { try await $0.reinitialize(order, from: source) }
        case .answerReinitialize(let report):
            logger.notice("\(report.reason)", metadata: ["reinitialize": "\(report.id)"])
            requests.noteAnswer(report)
            // It came before everything else.
            alarm.ring()
        case .release:
            let plan = ReleasePlan(observation)
            begin(.racing) { try await $0.release(plan) }
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
            try await store.finishFailover(request, result: result, deadline: clock.now + timings.retryTimeout)
            requests.noteAnswer(to: request)
        } catch {
            logger.warning("could not record the switchover's outcome", metadata: ["error": "\(error)"])
        }
    }
}
