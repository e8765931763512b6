import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Makes this member the one that may acknowledge commits, before it can.
    ///
    /// 0. The checkpointer of a standby knows that commits wait; see ``begun(_:_:)``. 1. The record names it, over the very version its election was decided on: from here on the former leader cannot
    ///    change whom it waits for, also if it never stopped. 2. The server is configured to wait for the new reign's
    ///    standbys. Only then it may be promoted or started.
    ///
    /// - Parameter isRestart: the server is started as the primary it was, and not promoted.
    /// - Throws: when the record has changed since the election. The lock is let go then: the vote has to be held anew.
    func takeOverSynchronous(isRestart: Bool) async throws {
        let policy = watch.view()?.configuration.synchronous ?? .off
        synchronous.holdsOutUsers = false
        let deadline = clock.now + timings.retryTimeout
        let former: SynchronousState?
        if let electedOver = reign.electedOver {
            former = electedOver
        } else {
            former = try await store.readSynchronous(deadline: deadline)
        }
        guard var takeover = HighAvailability.takeOverSynchronous(former, by: me, policy: policy) else {
            reign.electedOver = nil
            synchronous.takeOverNothing()
            return
        }
        if !isRestart { takeover = try await begun(takeover, policy) }
        try requireLock()
        if takeover.mustBeWritten(over: former, mayStillLand: synchronous.mayRecordStillLand) {
            try await writeTakeover(
                takeover.record, over: former, isElected: reign.electedOver != nil, deadline: deadline)
        }
        reign.electedOver = nil
        synchronous.takeOver(takeover, from: former, by: me, awaitingUntil: clock.now + timings.loopWait)
        if isRestart { life.namesInForce = nil } else { life.namesInForce?.forgetPosition(at: clock.now) }
        synchronous.holdsOutUsers = takeover.holdsOutUsers(isRestart: isRestart)
        logger.notice(
            "took synchronous replication over",
            metadata: ["names": "\(takeover.names)", "members": "\(takeover.record.members.sorted())"])
        if !isRestart { try await configureNames() }
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
            try await clock.sleep(for: .milliseconds(100))
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
        let now = clock.now
        var names = NamesInForce(server: seen.postmasterStartTime, text: "", at: now)
        names.provenNow(text: SynchronousStandbyNames.blocking.description, at: now)
        life.namesInForce = names
        return takeover
    }

    private func writeTakeover(
        _ record: SynchronousState, over former: SynchronousState?, isElected: Bool, deadline: BootInstant
    ) async throws {
        synchronous.noteWriteBegins()
        let written = try await store.writeSynchronous(record, over: former, deadline: deadline)
        synchronous.noteWriteIsSettled()
        if written != nil { return }
        guard isElected else {
            throw AgentError(.actionFailed, "synchronous replication state has changed since it was read")
        }
        reign.electedOver = nil
        _ = await keeper.release(heir: nil, position: nil)
        throw AgentError(
            .actionFailed, "Postponing promotion because synchronous replication state was updated by somebody else")
    }

    /// Writes the names for a running standby and waits until they are what it would run with when promoted.
    func configureNames() async throws {
        try await writeConfiguration(life.role ?? .standby(upstream: nil))
        let wanted = synchronous.names?.description ?? ""
        let deadline = clock.now + .seconds(3)
        while true {
            if case .answered(let status) = await instance.observe(deadline: .seconds(1)),
                status.synchronousStandbyNames == wanted
            {
                return
            }
            guard clock.now < deadline else {
                throw AgentError(.actionFailed, "synchronous_standby_names did not become \(wanted); not promoting")
            }
            try await clock.sleep(for: .milliseconds(2))
        }
    }
}
