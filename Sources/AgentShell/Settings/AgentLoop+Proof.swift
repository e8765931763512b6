import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

/// Settings of the store are given to no server here before another one has started with them: one that only proves them, on data
/// of its own. What PostgreSQL refuses reaches neither the files of this member nor its next start.
extension AgentLoop {
    /// Has settings proven beside the loop, which goes on.
    func beginProof(of settings: PostgresSettings) {
        let settings = settings.undecorated
        guard settingsKeeping.proof.isDue(settings, at: clock.now) else { return }
        // Owned by `settingsKeeping.proof`; ended by its deadline.
        settingsKeeping.proof.begin(
            clock.start {
                await self.proveBesideLoop(settings)
                await self.endProof()
            })
    }

    private func proveBesideLoop(_ settings: PostgresSettings) async {
        do { try await clock.sleep(for: ProofKeeping.pauseBefore(of: me)) } catch { return }
        await prove(settings, until: clock.now + ProofKeeping.limit)
    }

    private func endProof() {
        settingsKeeping.proof.end()
        // What is proven is applied, and what is refused is said in the member's status.
        alarm.ring()
    }

    /// - Parameter end: of the wait for one's turn and of the proof together.
    private func prove(_ settings: PostgresSettings, until end: BootInstant) async {
        let settings = settings.undecorated
        // One that a start waits for, and one beside the loop.
        guard await enterProof(by: end) else { return }
        defer { proofTurn.leave() }
        let began = clock.now
        guard began < end, !settingsKeeping.isRefused(settings, at: began),
            !settingsKeeping.isProven(settings) || settingsKeeping.isAutomaticConfigurationDue(at: began)
        else { return }
        let verdict = await instance.prove(settings, deadline: end - began)
        // Of one that is broken off, what it says last may come from that.
        guard !Task.isCancelled else { return }
        note(verdict, on: settings, ["elapsed": "\(clock.now - began)"])
    }

    private func note(_ verdict: SettingsVerdict, on settings: PostgresSettings, _ metadata: Logger.Metadata) {
        // Of those that are in force only what ALTER SYSTEM has set beside them is asked.
        let isNew = !settingsKeeping.isProven(settings)
        switch verdict {
        case .proven, .provenWithoutAutomaticConfiguration:
            if isNew { logger.info("a server has started with the new settings", metadata: metadata) }
            settingsKeeping.noteProven(settings)
            if case .provenWithoutAutomaticConfiguration(let errors) = verdict {
                noteAutomaticConfiguration(errors)
            } else {
                _ = settingsKeeping.noteAutomaticConfiguration(nil, at: clock.now)
            }
        case .refused where !isNew, .undecided where !isNew:
            _ = settingsKeeping.postponeAutomaticConfiguration(at: clock.now)
        case .refused(let errors):
            let fault = SettingsFault(errors, settings)
            let isNews = settingsKeeping.refuse(settings, because: fault, at: clock.now)
            logger.log(level: isNews ? .error : .debug, "\(fault.sentence)", metadata: metadata)
        case .undecided(let reason):
            guard !settingsKeeping.postponeRefused(settings, at: clock.now) else {
                return logger.info(
                    "refused settings were asked of again, without a verdict: \(reason)", metadata: metadata)
            }
            guard !settingsKeeping.proof.noteUndecided(settings, at: clock.now) else {
                return logger.warning("the settings are not proven yet: \(reason)", metadata: metadata)
            }
            settingsKeeping.noteProven(settings)
            logger.error(
                "the settings cannot be proven, the running server is asked alone: \(reason)", metadata: metadata)
        }
    }

    /// - Returns: false when it is not in by then, or the task was cancelled.
    private func enterProof(by end: BootInstant) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { try await self.proofTurn.enter() } catch { return false }
                return true
            }
            group.addTask {
                let left = end - self.clock.now
                // Ends with the wait beside it.
                do { try await self.clock.sleep(for: max(left, .zero)) } catch { return false }
                return false
            }
            var isIn = false
            for await hasEntered in group {
                if hasEntered { isIn = true }
                group.cancelAll()
            }
            return isIn
        }
    }

    /// Has the store's settings proven before a server that is down is started, where there are others to start with.
    ///
    /// - Guarantees: back within ``ProofKeeping/limitBeforeStart``, whatever runs beside the loop.
    func proveBeforeStart() async throws {
        let end = clock.now + ProofKeeping.limitBeforeStart - ProofKeeping.ending
        // The start needs its turn.
        settingsKeeping.proof.cancel()
        var wanted: PostgresSettings?
        // Those that cannot be used are told, and replaced, where they are chosen.
        do { wanted = try settings() } catch is InvalidSettings { wanted = nil }
        if let wanted, settingsKeeping.isProofDue(beforeStartWith: wanted, at: clock.now) {
            await prove(wanted, until: end)
        }
        try Task.checkCancellation()
    }
}
