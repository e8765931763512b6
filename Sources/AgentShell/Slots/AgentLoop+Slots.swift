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

    /// Has the server keep the slots that ``SlotKeeping`` wants, whatever became of those it had. None goes while paused.
    func ensureSlots(_ view: ClusterView, leader: String) async {
        // A slot that was dropped since the last look would seem to be its member's wish.
        guard view.configuration.usesSlots, let seen, life.hasSeenSlots else { return }
        let now = clock.now
        let prefix = configuration.scope.slotPrefix
        let found = seen.slots.filter {
            $0.isPhysical && !$0.isTemporary && SlotName.isMembers($0.name, prefix: prefix)
        }.map { FoundSlot(SlotName(member: $0.name), isActive: $0.isActive, isLost: $0.walStatus == "lost") }
        slotKeeping.look(at: found, isLeader: leader == me, at: now)
        let wanted = slotKeeping.keep(
            for: me, leader: leader, in: view, missing: leader == me ? missingStandbys(view) : [], at: now)
        let drops = !view.configuration.isPaused
        guard mustChangeSlots(found, to: wanted, drops: drops) else { return }
        life.noteSlotChange()
        do {
            try await instance.ensureSlots(wanted, prefix: prefix, drops: drops)
            slotKeeping.noteChange(to: wanted, drops: drops)
        } catch {
            logger.warning("could not set the replication slots right", metadata: ["error": "\(error)"])
        }
    }

    /// A standby that receives nothing has its slot made where it is to stream from.
    ///
    /// Not awaited: where nobody answers, that takes seconds in which an election may be due.
    func askForSlot(_ observation: Observation) {
        guard let source = sourceToAskForSlot(observation), life.beginAskingForSlot(at: clock.now) else { return }
        // Ends by itself within its deadline.
        clock.start { await self.makeSlot(at: source) }
    }

    private func makeSlot(at source: String) async {
        do {
            try await instance.prepareToStream(from: try upstream(source))
        } catch {
            logger.info("no slot was made", metadata: ["at": "\(source)", "error": "\(error)"])
        }
    }
}
