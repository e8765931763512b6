import Logging
import ServerControl
import Units

extension AgentLoop {
    /// Asks the server now and then what its checksums have found, beside the loop and over a session of its own: whoever holds a
    /// lock on a catalog can make this wait.
    func lookAtChecksums() {
        guard life.checksums.isDue(at: clock.now) else { return }
        life.checksums.begin(
            clock.start { await self.askForDamagedPages() },
            next: clock.now + timings.loopWait * ChecksumKeeping.loops)
    }

    private func askForDamagedPages() async {
        let found: DamagedPages?
        do {
            found = try await instance.damagedPages()
        } catch {
            logger.debug("what the checksums have found is not known", metadata: ["error": "\(error)"])
            found = nil
        }
        let former = life.checksums.found?.sentence
        guard life.checksums.end(found), let sentence = found?.sentence else { return }
        logger.error("\(sentence)", metadata: ["failures": "\(found?.failures ?? 0)"])
        // The member's status says it.
        if sentence != former { alarm.ring() }
    }
}
