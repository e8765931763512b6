import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

/// Settings of the store are given to no server here before another one has started with them: one that only proves them, on
/// data of its own. What PostgreSQL refuses reaches neither the files of this member nor its next start.
extension AgentLoop {
    /// Has settings proven beside the loop, which goes on.
    func beginProof(of settings: PostgresSettings) {
        let settings = settings.undecorated
        guard !isStopping, settingsKeeping.proof.isDue(settings, at: clock.now) else { return }
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
        guard await proofTurn.enter(by: end, on: clock) else {
            // Whoever comes next waits for it no longer.
            guard !Task.isCancelled else { return }
            return note(.undecided("the proof before it has not ended"), on: settings)
        }
        defer { proofTurn.leave() }
        let began = clock.now
        guard began < end, !settingsKeeping.isRefused(settings, at: began),
            !settingsKeeping.isProven(settings) || settingsKeeping.isAutomaticConfigurationDue(at: began)
                || settingsKeeping.isProofOwed(at: began)
        else { return }
        let verdict = await instance.prove(settings, deadline: end - began)
        if case .refused = verdict, !Task.isCancelled, clock.now < end,
            let control = settingsKeeping.controlDue(for: settings)
        {
            let shown = await instance.prove(control, deadline: end - clock.now)
            if !Task.isCancelled { settingsKeeping.noteControl(control, shown) }
        }
        // Of one that is broken off, what it says last may come from that.
        guard !Task.isCancelled else { return }
        let wasMended = settingsKeeping.automaticFault != nil
        note(settingsKeeping.judged(verdict, on: settings), on: settings, ["elapsed": "\(clock.now - began)"])
        if wasMended, settingsKeeping.automaticFault == nil { await reloadMended() }
    }

    /// What `postgresql.auto.conf` has kept the server from reading in the files it reads now.
    private func reloadMended() async {
        logger.notice("postgresql.auto.conf is mended")
        guard instance.runningPostmaster != nil else { return }
        do {
            try await instance.reload()
            tellReload()
        } catch {
            logger.warning("the settings are not reloaded", metadata: ["error": "\(error)"])
        }
    }

    private func note(_ verdict: SettingsVerdict, on settings: PostgresSettings, _ metadata: Logger.Metadata = [:]) {
        // Of those that are in force, and were proven, only what ALTER SYSTEM has set beside them is asked.
        let isInForce = settingsKeeping.isProven(settings)
        let isSettled = isInForce && !settingsKeeping.isUsedUnproven(settings)
        switch verdict {
        case .proven, .provenWithoutAutomaticConfiguration:
            if !isSettled { logger.info("a server has started with the new settings", metadata: metadata) }
            settingsKeeping.noteProven(settings)
            if case .provenWithoutAutomaticConfiguration(let errors) = verdict {
                noteAutomaticConfiguration(errors)
            } else {
                _ = settingsKeeping.noteAutomaticConfiguration(nil, at: clock.now)
            }
        case .refused where isSettled, .undecided where isInForce: settingsKeeping.postponeLooks(at: clock.now)
        case .refused(let errors):
            let fault = SettingsFault(errors, settings)
            let isNews = settingsKeeping.refuse(settings, because: fault, at: clock.now)
            logger.log(level: isNews ? .error : .debug, "\(fault.sentence)", metadata: metadata)
        case .undecided(let reason):
            guard !settingsKeeping.postponeRefused(settings, at: clock.now) else {
                return logger.info(
                    "refused settings were asked of again, without a verdict: \(reason)", metadata: metadata)
            }
            guard !settingsKeeping.noteUndecided(settings, because: reason, at: clock.now) else {
                return logger.warning("the settings are not proven yet: \(reason)", metadata: metadata)
            }
            logger.error(
                "the settings cannot be proven, the running server is asked alone: \(reason)", metadata: metadata)
        }
    }

    /// What waits for a proof.
    enum Start {
        /// Of a primary that is down: it has former settings to start with, and clients wait for it.
        case primary
        case standby
        /// Of a server that runs until then, and is restarted to get new settings.
        case restart
    }

    /// Ends what the proof of an earlier agent has left. Beside the loop: a healthy server does not wait for it, a proof does.
    func clearProof() {
        // Ends by itself, after two attempts to kill and some files.
        _ = clock.start {
            do { try await self.proofTurn.enter() } catch { return }
            await self.instance.clearProof()
            self.proofTurn.leave()
        }
    }

    /// Has the store's settings proven before a server is started with them, where there are others to start with. A primary is
    /// started with those at once, and the proof is made while it serves.
    ///
    /// - Guarantees: back within ``ProofKeeping/limitBeforeStart``, whatever runs beside the loop.
    /// - Throws: also when it was broken off because the agent is to stop.
    func proveBeforeStart(_ start: Start) async throws {
        let end = clock.now + ProofKeeping.limitBeforeStart - ProofKeeping.ending
        // The start needs its turn.
        settingsKeeping.proof.cancel()
        var wanted: PostgresSettings?
        // Those that cannot be used are told, and replaced, where they are chosen.
        do { wanted = try settings() } catch is InvalidSettings { wanted = nil }
        if let wanted,
            settingsKeeping.isProofDue(beforeStartWith: wanted, asStandby: start == .standby, at: clock.now)
        {
            if start == .primary, settingsKeeping.beginFormerStart() {
                await keepAcceptedSettings()
            } else {
                await proveAndWait(wanted, until: end)
                guard !isStopping else { throw AgentError(.actionFailed, "the agent is to stop") }
            }
        }
        try Task.checkCancellation()
    }

    private func proveAndWait(_ settings: PostgresSettings, until end: BootInstant) async {
        guard !isStopping else { return }
        // Owned by `settingsKeeping.proof`; waited for here.
        let proof = clock.start { await self.prove(settings, until: end) }
        settingsKeeping.proof.beginBeforeStart(proof)
        await withTaskCancellationHandler {
            await proof.value
        } onCancel: {
            proof.cancel()
        }
        settingsKeeping.proof.endBeforeStart()
    }
}
