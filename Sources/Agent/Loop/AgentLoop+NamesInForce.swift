import HighAvailability
import Logging
import PostgresConfiguration
import PostgresInstance
import Units

/// Who of the server's processes has read whom commits wait for; see ``HighAvailability/NamesInForce``.
extension AgentLoop {
    /// Takes in what the server shows, and has the checkpointer asked where that is due.
    func noteNames(_ seen: ServerStatus) {
        let now = BootInstant.now()
        guard life.namesInForce != nil else {
            life.namesInForce = NamesInForce(
                server: seen.postmasterStartTime, text: seen.synchronousStandbyNames, at: now)
            return
        }
        let flushed = seen.isInRecovery ? nil : seen.flushPosition
        if let question = life.namesInForce?.look(
            server: seen.postmasterStartTime, text: seen.synchronousStandbyNames, flushed: flushed, at: now)
        {
            ask(question)
        }
    }

    /// Checkpoints may take minutes. Until they have ended the set of synchronous standbys does not grow.
    private func ask(_ question: Int) {
        // Owned by nobody: it ends by itself, at the latest with the server.
        Task {
            do {
                try await instance.passCheckpointer(deadline: .seconds(300))
                life.namesInForce?.proven(question)
            } catch {
                life.namesInForce?.failed(question, at: .now())
                logger.warning(
                    "whether commits wait is not known yet", metadata: ["error": "\(error)"])
            }
            alarm.ring()
        }
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

    /// The takeover as it may be begun on this standby: with names only if its checkpointer knows that commits wait.
    ///
    /// - Throws: when that is not known, and going on without waiting is not allowed.
    func begun(_ takeover: SynchronousTakeover, _ policy: SynchronousPolicy) async throws -> SynchronousTakeover {
        guard takeover.names.count > 0, let seen,
            life.namesInForce?.areWaitedFor(on: seen.postmasterStartTime) != true
        else { return takeover }
        logger.notice("waiting for the checkpointer to know that commits wait")
        do {
            synchronous.choose(.blocking)
            try await configureNames()
            // The session shows them before the signal has reached everybody.
            try await Task.sleep(for: .milliseconds(100))
            try await instance.passCheckpointer(deadline: policy.isStrict ? .seconds(60) : .seconds(1))
        } catch {
            try Task.checkCancellation()
            guard let weaker = takeover.withoutWaiting(policy) else {
                throw AgentError(
                    .actionFailed, "the checkpointer may not know yet that commits wait; not promoting: \(error)")
            }
            logger.warning(
                "commits wait for nobody for now, and nobody else may be elected: the checkpointer is busy",
                metadata: ["error": "\(error)"])
            return weaker
        }
        let now = BootInstant.now()
        var names = NamesInForce(server: seen.postmasterStartTime, text: "", at: now)
        names.provenNow(text: SynchronousStandbyNames.blocking.description, at: now)
        life.namesInForce = names
        return takeover
    }
}
