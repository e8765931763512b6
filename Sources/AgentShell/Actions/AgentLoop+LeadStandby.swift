import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Keeps a running standby leader's surroundings right. Every step is skipped when there is nothing to do.
    func leadStandby(_ observation: Observation) async {
        await completeInitialization(observation)
        // A walreceiver that gets through by itself has nothing wrong any more.
        if seen?.receiver?.isStreaming == true { remoteServer.problem = nil }
        state.update {
            $0.target = routingTarget
            $0.timeline = seen?.timeline
        }
        unlabelOthers(observation.cluster)
        await ensureSlots(observation.cluster, leader: me)
        await keepSettings(observation)
        await forgetSynchronous(observation.cluster)
    }

    /// A server that leads a standby cluster now.
    var isStandbyLeader: Bool {
        guard section != nil, case .standby = server else { return false }
        return watch.standing(ttl: timings.ttl).isMine
    }

    /// Nobody here acknowledges commits, so nobody's commits restrict the elections; not when this is a primary's cluster again
    /// either, which will be on another course.
    private func forgetSynchronous(_ view: ClusterView) async {
        guard view.synchronous?.isActive == true else { return }
        let deadline = clock.now + min(timings.retryTimeout, .seconds(1))
        do {
            guard let record = try await store.readSynchronous(deadline: deadline), record.isActive else { return }
            _ = try await store.writeSynchronous(SynchronousState(leader: nil), over: record, deadline: deadline)
            logger.notice("elections are not restricted any more: this is a standby cluster")
        } catch {
            logger.info("could not clear the record of synchronous standbys", metadata: ["error": "\(error)"])
        }
    }
}
