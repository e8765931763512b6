import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Keeps a running primary's surroundings right. Every step is skipped when there is nothing to do.
    func lead(_ observation: Observation) async {
        await completeInitialization(observation)
        state.update { $0.target = routingTarget }
        unlabelOthers(observation.cluster)
        await ensureSlots(observation.cluster, leader: me)
        await completeAdoption()
        keepApplicationPassword()
        await announce(observation.cluster)
        beginFirstWrite()
        await keepSettings(observation)
        // A primary that took the lock while it ran has had no use for it; later it would be a record of the past.
        reign.electedOver = nil
        await keepSynchronous(observation)
    }

    /// Heals a store that was wiped.
    func completeInitialization(_ observation: Observation) async {
        if case .done = observation.cluster.initialization { return }
        guard let identifier = observation.server.systemIdentifier else { return }
        do {
            try await store.completeInitialization(
                systemIdentifier: identifier, deadline: clock.now + timings.retryTimeout)
        } catch {
            logger.warning("could not record the system identifier", metadata: ["error": "\(error)"])
        }
    }

    /// Tools take the label for the leader, and a Service that selects it leads where it is, so no other Pod may carry it, as
    /// soon as this one does; before, that Service would lead nowhere.
    func unlabelOthers(_ view: ClusterView) {
        guard view.members[me]?.isLabelledPrimary == true else { return }
        for name in view.members.keys.sorted() where name != me && view.members[name]?.isLabelledPrimary == true {
            // Ends by itself within its deadline; the next cycle sees whether it worked.
            clock.start { await self.unlabel(name) }
        }
    }

    private func unlabel(_ member: String) async {
        do {
            try await store.demoteLabel(of: member, deadline: clock.now + .seconds(3))
        } catch {
            logger.info("could not take the primary label yet", metadata: ["from": "\(member)", "error": "\(error)"])
        }
    }

    /// A primary that an earlier agent started, or that was interrupted while it took office, lacks what that does.
    private func completeAdoption() async {
        guard !life.hasRoles || life.role != .primary else { return }
        do {
            if !life.hasRoles { try await instance.createRoles() }
            life.noteRoles(exist: true)
            try await writeConfiguration(.primary)
        } catch {
            logger.warning("the running primary is not set up yet: \(error)")
        }
    }
}
