import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Takes the steps that are due towards what the settings ask for; each is decided anew from what is there.
    func keepSynchronous(_ observation: Observation) async {
        synchronous.isUnsettled = false
        guard activity == nil, let seen, !seen.isInRecovery, observation.lock.isMine else { return }
        noteNames(seen)
        let view = observation.cluster
        do {
            var situation = situation(view, seen, record: view.synchronous)
            guard !synchronous.awaitsStandbys(situation, in: view, at: clock.now) else {
                synchronous.isUnsettled = true
                return
            }
            guard resolveSynchronous(situation) != nil else { return await settle(situation) }
            synchronous.isUnsettled = true
            // Neither place is written on what a watch shows: it may have been silent since before the last write.
            situation.record = try await store.readSynchronous(deadline: clock.now + storeBudget)
            if synchronous.mayRecordStillLand, let current = situation.record {
                // Names decided now would be decided on what that write may change yet; after this one it cannot land.
                guard try await record(current, &situation) else { return }
            }
            for _ in 0..<3 {
                guard let step = resolveSynchronous(situation), try await take(step, &situation) else { return }
            }
        } catch {
            synchronous.isUnsettled = false
            logger.warning("synchronous replication is not as it should be yet: \(error)")
        }
    }

    /// The loop waits for these writes; the next look, a second later, tries again.
    private var storeBudget: Duration { min(timings.retryTimeout, .seconds(1)) }

    /// - Returns: whether the next step can be decided at once.
    private func take(_ step: SynchronousStep, _ situation: inout SynchronousSituation) async throws -> Bool {
        try requireLock()
        switch step {
        case .names(let names):
            synchronous.choose(names)
            logger.notice("commits wait for \(names.count == 0 ? "nobody" : names.description)")
            try await writeConfiguration(.primary)
            refreshConfirmations(after: names)
            // Who confirms under them is known only when every walsender has read them.
            return false
        case .record(let members, let quorum):
            return try await record(SynchronousState(leader: me, members: members, quorum: quorum), &situation)
        case .clearRecord:
            // The mode this agent goes by may be from before it was turned on, or a default.
            guard let policy = try await store.readSynchronousPolicy(deadline: clock.now + storeBudget),
                policy.mode == .off
            else {
                logger.warning("elections stay restricted: the stored settings do not say that the mode is off")
                return false
            }
            return try await record(SynchronousState(leader: nil), &situation)
        }
    }

    private func record(_ next: SynchronousState, _ situation: inout SynchronousSituation) async throws -> Bool {
        let deadline = clock.now + storeBudget
        synchronous.noteWriteBegins()
        let written = try await store.writeSynchronous(next, over: situation.record, deadline: deadline)
        synchronous.noteWriteIsSettled()
        guard let written else {
            logger.warning("synchronous replication state was updated by somebody else")
            return false
        }
        defer { situation.record = written }
        if next.meansTheSame(as: situation.record) { return true }
        logger.notice(
            "\(next.leader == nil ? "elections are not restricted any more" : "the synchronous standbys have changed")",
            metadata: ["members": "\(next.members.sorted())", "quorum": "\(next.quorum)"])
        return true
    }

    private func situation(
        _ view: ClusterView, _ seen: ServerStatus, record: SynchronousState?
    ) -> SynchronousSituation {
        SynchronousSituation(
            of: me, in: view, record: record, names: SynchronousStandbyNames(seen.synchronousStandbyNames),
            connected: seen.connected, inForceSince: life.namesInForce?.position)
    }

    /// Everything is as it should be; users who were held out get in once enough standbys have confirmed.
    private func settle(_ situation: SynchronousSituation) async {
        guard synchronous.holdsOutUsers else { return }
        guard situation.isEverythingConfirmed else {
            synchronous.isUnsettled = !situation.fit.isEmpty
            return
        }
        synchronous.holdsOutUsers = false
        do {
            try await writeConfiguration(.primary)
            logger.notice("ordinary users get in: the synchronous standbys have everything")
        } catch {
            synchronous.holdsOutUsers = true
            logger.warning("ordinary users are still held out: \(error)")
        }
    }
}

extension ServerStatus {
    /// Everybody this server sends WAL to.
    var connected: [ConnectedStandby] {
        standbys.map {
            ConnectedStandby(
                name: $0.applicationName, isStreaming: $0.state == "streaming", flushed: $0.flushed,
                isCounted: $0.synchronousState != "async")
        }
    }
}
