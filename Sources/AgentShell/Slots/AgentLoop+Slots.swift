import ClusterRecords
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

/// Standbys that stream from standbys.
extension AgentLoop {
    /// A standby keeps the slots of those that stream from it, and none of the time when it led itself.
    func keepCascade(_ observation: Observation) async {
        guard activity == nil, case .standby = observation.server, case .held(let leader) = observation.lock,
            !observation.cluster.configuration.isPaused
        else { return }
        await ensureSlots(observation.cluster, leader: leader)
    }

    /// Seen by the leader: who should stream from it and does not.
    func missingStandbys(_ view: ClusterView) -> Set<String> {
        let connected = (seen?.connected ?? []).filter(\.isStreaming).map(\.name)
        return HighAvailability.missingStandbys(of: me, seeing: Set(connected), in: view)
    }

    /// Has the server keep the slots that ``SlotKeeping`` wants. None goes while paused.
    func ensureSlots(_ view: ClusterView, leader: String) async {
        guard view.configuration.usesSlots else { return }
        let now = clock.now
        let prefix = configuration.scope.slotPrefix
        if leader == me, let seen {
            let found = seen.slots.map(\.name).filter { SlotName.isMembers($0, prefix: prefix) }
            slotKeeping.count(found.map { SlotName(member: $0) }, at: now)
        }
        let wanted = slotKeeping.keep(
            for: me, leader: leader, in: view, missing: leader == me ? missingStandbys(view) : [], at: now)
        guard wanted != life.slotsEnsuredFor else { return }
        do {
            let outcome = try await instance.ensureSlots(
                wanted, prefix: prefix, drops: !view.configuration.isPaused)
            // Somebody still streams over an unwanted one: look again.
            life.noteSlots(outcome.hasUnwanted ? nil : wanted)
        } catch {
            logger.warning("could not set the replication slots right", metadata: ["error": "\(error)"])
        }
    }
}
