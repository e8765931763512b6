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
                await self.prove(settings, within: ProofKeeping.limit)
                await self.endProof()
            })
    }

    private func endProof() {
        settingsKeeping.proof.end()
        // What is proven is applied, and what is refused is said in the member's status.
        alarm.ring()
    }

    private func prove(_ settings: PostgresSettings, within limit: Duration) async {
        let settings = settings.undecorated
        do {
            // One that a start waits for, and one beside the loop.
            try await proofTurn.enter()
        } catch {
            return
        }
        defer { proofTurn.leave() }
        guard !settingsKeeping.isProven(settings), settings != settingsKeeping.refused else { return }
        let began = clock.now
        let verdict = await instance.prove(settings, deadline: limit)
        guard !Task.isCancelled else { return }
        let metadata: Logger.Metadata = ["elapsed": "\(clock.now - began)"]
        switch verdict {
        case .proven:
            settingsKeeping.noteProven(settings)
            logger.info("a server has started with the new settings", metadata: metadata)
        case .refused(let errors):
            let fault = SettingsFault(errors, settings)
            settingsKeeping.refuse(settings, because: fault)
            logger.error("\(fault.sentence)", metadata: metadata)
        case .undecided(let reason):
            guard !settingsKeeping.proof.noteUndecided(settings, at: clock.now) else {
                return logger.warning("the settings are not proven yet: \(reason)", metadata: metadata)
            }
            settingsKeeping.noteProven(settings)
            logger.error(
                "the settings cannot be proven, the running server is asked alone: \(reason)", metadata: metadata)
        }
    }

    /// Has the store's settings proven before a server that is down is started, where there are others to start with.
    func proveBeforeStart() async throws {
        var wanted: PostgresSettings?
        // Those that cannot be used are told, and replaced, where they are chosen.
        do { wanted = try settings() } catch is InvalidSettings { wanted = nil }
        if let wanted, settingsKeeping.isProofDue(beforeStartWith: wanted) {
            await prove(wanted, within: ProofKeeping.limitBeforeStart)
        }
        try Task.checkCancellation()
    }
}
