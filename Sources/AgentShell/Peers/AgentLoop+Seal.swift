package import ClusterRecords
import ClusterStore
package import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

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
    package func answerSeal(_ wanted: Seal) async -> PositionAnswer? {
        let deadline = clock.now + .milliseconds(700)
        var verdict = judge(wanted)
        // The candidate's watch may be a moment ahead of ours.
        while case .refuse = verdict, clock.now < deadline, !Task.isCancelled {
            do { try await clock.sleep(for: .milliseconds(10)) } catch { break }
            verdict = judge(wanted)
        }
        let refusal: String
        switch verdict {
        case .refuse(let reason): refusal = reason
        case .seal:
            do {
                let report = try await sealedReport(wanted)
                return PositionAnswer(report: report, isRunning: instance.runningPostmaster != nil)
            } catch {
                refusal = "\(error)"
            }
        }
        logger.info("no seal for epoch \(wanted.epoch): \(refusal)")
        guard let report = await reportPosition() else { return nil }
        return PositionAnswer(report: report, isRunning: instance.runningPostmaster != nil, refusal: refusal)
    }

    /// Seals, and tells where this member's WAL ends for good as long as the promise holds.
    func sealedReport(_ wanted: Seal) async throws -> PositionReport {
        let end = try await seal(wanted)
        guard var report = await reportPosition(), !report.isPrimary else {
            throw AgentError(.actionFailed, "this server does not tell its position")
        }
        report.position = max(report.position, end)
        // What holds now counts, not what was promised a moment ago.
        guard seal == wanted else { throw AgentError(.actionFailed, "another promise was given meanwhile") }
        report.sealedEpoch = wanted.epoch
        return report
    }

    private func judge(_ wanted: Seal) -> SealVerdict {
        let isPrimary = if case .primary = server { true } else { false }
        return judgeSeal(
            wanted, standing: watch.standing(ttl: timings.ttl), lock: watch.view()?.lock, isPrimary: isPrimary,
            activity: activity?.kind)
    }

    /// Promises, then stops receiving WAL.
    ///
    /// In this order: a member that dies between the two must find its promise when it comes back.
    ///
    /// - Returns: the end of everything it has confirmed to anybody.
    private func seal(_ wanted: Seal) async throws -> LSN {
        guard knowsVolume else {
            throw AgentError(.actionFailed, "another container works on the volume, and may have promised more")
        }
        if seal != wanted {
            let isPrimary = if case .primary = server { true } else { false }
            if case .refuse(let reason) = watch.beginSeal(wanted, isPrimary: isPrimary, ttl: timings.ttl) {
                throw AgentError(.actionFailed, "not sealed: \(reason)")
            }
            do {
                try await instance.keepPromise(wanted.onDisk)
            } catch {
                watch.note(seal)
                throw error
            }
            seal = wanted
            life.noteSeal()
            logger.notice("sealed: no WAL from an earlier epoch", metadata: ["epoch": "\(wanted.epoch)"])
        }
        guard instance.runningPostmaster != nil else {
            guard case .stopped(let stopped) = await observeFiles(), stopped.knowsItsEnd else {
                throw AgentError(.actionFailed, "the server is stopped: only running it finds the end of its WAL")
            }
            return stopped.position
        }
        try await writeConfiguration(.standby(upstream: nil))
        return try await instance.waitUntilReceivingEnds(deadline: .milliseconds(1500))
    }

    /// Whether this member may follow `leader` again; a promise that is kept, or void, is forgotten.
    ///
    /// - Throws: while it must not.
    func requireNoSeal(against leader: String) async throws {
        while let promised = seal {
            // Live: the watch may be behind, and show the lock as it was before it was promised away.
            let lock = try await store.readLock(deadline: clock.now + timings.retryTimeout)
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
}
