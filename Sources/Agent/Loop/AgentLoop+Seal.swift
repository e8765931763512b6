import AgentAPI
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import PostgresInstance

extension Seal {
    /// Reads what ``onDisk`` wrote.
    init?(onDisk text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, let epoch = Int64(parts[0]) else { return nil }
        self.init(epoch: epoch, lockVersion: String(parts[1]))
    }

    var onDisk: String { "\(epoch) \(lockVersion)" }
}

extension AgentLoop {
    /// Answers a candidate that asks this member to promise it the next epoch.
    ///
    /// A refusal comes with the position all the same: it tells the candidate that somebody is there.
    func answerSeal(_ wanted: Seal) async -> PositionAnswer? {
        let deadline = BootInstant.now() + .milliseconds(700)
        var verdict = judge(wanted)
        // The candidate's watch may be a moment ahead of ours.
        while case .refuse = verdict, BootInstant.now() < deadline, !Task.isCancelled {
            do { try await Task.sleep(for: .milliseconds(10)) } catch { break }
            verdict = judge(wanted)
        }
        var refusal: String?
        switch verdict {
        case .refuse(let reason): refusal = reason
        case .seal:
            do { try await seal(wanted) } catch { refusal = "\(error)" }
        }
        guard var report = await reportPosition() else { return nil }
        // What holds now counts, not what was promised a moment ago.
        if refusal == nil, seal == wanted, !report.isPrimary { report.sealedEpoch = wanted.epoch }
        if let refusal { logger.info("no seal for epoch \(wanted.epoch): \(refusal)") }
        return PositionAnswer(report: report, isRunning: instance.runningPostmaster != nil, refusal: refusal)
    }

    private func judge(_ wanted: Seal) -> SealVerdict {
        if let kind = activity?.kind, kind != .racing { return .refuse("\(kind.rawValue) in progress") }
        let isPrimary = if case .primary = server { true } else { false }
        return judgeSeal(
            wanted, standing: watch.standing(ttl: timings.ttl), lock: watch.view()?.lock, isPrimary: isPrimary)
    }

    /// Promises, then stops receiving WAL.
    ///
    /// In this order: a member that dies between the two must find its promise when it comes back.
    func seal(_ wanted: Seal) async throws {
        if seal != wanted {
            try await instance.keepPromise(wanted.onDisk)
            seal = wanted
            followed = nil
            logger.notice("sealed: no WAL from an earlier epoch", metadata: ["epoch": "\(wanted.epoch)"])
        }
        guard instance.runningPostmaster != nil else { return }
        try await writeConfiguration(.standby(upstream: nil))
        try await instance.waitUntilReceivingEnds(deadline: .milliseconds(1500))
    }

    /// Whether this member may follow `leader` again; a promise that is kept, or void, is forgotten.
    ///
    /// - Throws: while it must not.
    func requireNoSeal(against leader: String) async throws {
        while let promised = seal {
            // Live: the watch may be behind, and show the lock as it was before it was promised away.
            let lock = try await store.readLock(deadline: .now() + timings.retryTimeout)
            guard let lock, lock.leader == leader, promised.permitsFollowing(lock) else {
                throw AgentError(
                    .actionFailed,
                    "sealed for epoch \(promised.epoch): nothing is received from \(leader) in an earlier one")
            }
            // Another promise may have been given while the lock was read.
            guard seal == promised else { continue }
            seal = nil
            try await instance.keepPromise(nil)
        }
    }

    /// The role to run in: without the upstream while this member is sealed.
    func permitted(_ role: ServerRole) -> ServerRole {
        guard seal != nil, case .standby = role else { return role }
        return .standby(upstream: nil)
    }
}
