import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

/// Who of the server's processes has read whom commits wait for; see ``HighAvailability/NamesInForce``.
extension AgentLoop {
    /// Takes in what the server shows, and has the checkpointer asked where that is due.
    func noteNames(_ seen: ServerStatus) {
        let now = clock.now
        guard life.namesInForce != nil else {
            life.namesInForce = NamesInForce(
                server: seen.postmasterStartTime, text: seen.synchronousStandbyNames, at: now)
            return
        }
        let flushed = seen.isInRecovery ? nil : seen.flushPosition
        if let question = life.namesInForce?.look(
            server: seen.postmasterStartTime, text: seen.synchronousStandbyNames, flushed: flushed, at: now)
        {
            // Owned by nobody: it ends by itself, at the latest with the server.
            clock.start { await self.ask(question) }
        }
    }

    /// Checkpoints may take minutes. Until they have ended the set of synchronous standbys does not grow.
    private func ask(_ question: Int) async {
        do {
            try await instance.passCheckpointer(deadline: .seconds(300))
            life.namesInForce?.proven(question)
        } catch {
            life.namesInForce?.failed(question, at: clock.now)
            logger.warning("whether commits wait is not known yet", metadata: ["error": "\(error)"])
        }
        alarm.ring()
    }

    /// Has the checkpointer of a standby know that commits will wait, long before they do.
    func prepareToTakeOver(_ observation: Observation) async {
        guard activity == nil, let seen, seen.isInRecovery, !observation.lock.isMine, let role = life.role,
            case .standby = role, observation.cluster.configuration.standbyCluster == nil
        else { return }
        let wanted = preparedStandbyNames(
            for: me, record: observation.cluster.synchronous, policy: observation.cluster.configuration.synchronous)
        if wanted.description != seen.synchronousStandbyNames, synchronous.names != wanted {
            synchronous.choose(wanted)
            do {
                try await writeConfiguration(role)
            } catch {
                logger.warning("commits of this server would not wait at once after a promotion: \(error)")
            }
        }
        noteNames(seen)
    }
}
