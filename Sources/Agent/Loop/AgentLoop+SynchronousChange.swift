import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import PostgresInstance
import Units

extension AgentLoop {
    // MARK: Taking over

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
        let deadline = BootInstant.now() + timings.retryTimeout
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
        synchronous.takeOver(takeover, from: former, by: me, awaitingUntil: .now() + timings.loopWait)
        if isRestart { life.namesInForce = nil } else { life.namesInForce?.forgetPosition(at: .now()) }
        synchronous.holdsOutUsers = takeover.holdsOutUsers(isRestart: isRestart)
        logger.notice(
            "took synchronous replication over",
            metadata: ["names": "\(takeover.names)", "members": "\(takeover.record.members.sorted())"])
        if !isRestart { try await configureNames() }
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
        let deadline = BootInstant.now() + .seconds(3)
        while true {
            if case .answered(let status) = await instance.observe(deadline: .seconds(1)),
                status.synchronousStandbyNames == wanted
            {
                return
            }
            guard BootInstant.now() < deadline else {
                throw AgentError(.actionFailed, "synchronous_standby_names did not become \(wanted); not promoting")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    // MARK: Handing over and leaving

    /// Whom a leader may hand over to, by a live read; nil when the record restricts nobody.
    func electableMembers(_ view: ClusterView) async throws -> Set<String>? {
        try await restriction(view)?.electable
    }

    /// What may restrict whom a leader hands over to, by a live read; nil: nothing does.
    func restriction(_ view: ClusterView) async throws -> SynchronousState? {
        guard view.configuration.standbyCluster == nil else { return nil }
        return try await store.readSynchronous(deadline: .now() + timings.retryTimeout)
    }

    /// Records an heir the record does not let lead yet; see `SynchronousState.vouching(for:by:)`.
    ///
    /// - Requires: this server is down in order, and the heir has its last record.
    /// - Throws: when the record could not be written; the heir could not lead then.
    func vouch(for heir: String) async throws {
        // A view that is behind costs the heir its vote, and nobody a commit.
        guard let view = watch.view(), view.configuration.synchronous.mode != .off || view.synchronous?.isActive == true
        else { return }
        let deadline = BootInstant.now() + timings.retryTimeout
        guard let record = try await store.readSynchronous(deadline: deadline),
            let next = record.vouching(for: heir, by: me)
        else { return }
        try requireLock()
        synchronous.noteWriteBegins()
        let written = try await store.writeSynchronous(next, over: record, deadline: deadline)
        synchronous.noteWriteIsSettled()
        guard written != nil else {
            throw HandOverRefusal("synchronous replication state was updated by somebody else")
        }
        logger.notice("the heir has everything: it may lead", metadata: ["heir": "\(heir)"])
    }
}
