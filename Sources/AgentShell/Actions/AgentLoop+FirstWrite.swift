import HighAvailability
import Logging
import ServerControl
import Units

extension AgentLoop {
    /// Writes something on a server that was promoted, once, to learn when writes went through again.
    ///
    /// Nothing waits for it: it has a session of its own, which may wait for standbys as long as a client's would. What could not
    /// be tried is tried again as long as this member leads.
    func beginFirstWrite() {
        guard let timeline = reign.beginFirstWrite() else { return }
        // Owned by nobody: it ends by itself, at the latest with the server.
        clock.start { await self.writeFirst(on: timeline) }
    }

    private func writeFirst(on timeline: Timeline) async {
        let began = clock.now
        do {
            try await instance.commitAsClient(deadline: Takeover.patience)
            let written = clock.now
            // On a server that leads no more it says nothing of the cluster.
            try requireLock()
            reign.endFirstWrite(.committed, on: timeline, at: written)
            if let phases = reign.phases(on: timeline) { note(phases) }
            alarm.ring()
        } catch {
            let isOverdue = clock.now - began >= Takeover.patience
            reign.endFirstWrite(isOverdue ? .overdue : .failed, on: timeline, at: clock.now)
            logger.warning(
                "the first write after the promotion has not gone through",
                metadata: ["error": "\(error)", "again": "\(!isOverdue)"])
        }
    }

    private func note(_ phases: TakeoverPhases) {
        logger.notice(
            "writes go through again",
            metadata: [
                "timeline": "\(phases.timeline)", "silence": "\(phases.silence)", "election": "\(phases.election)",
                "promotion": "\(phases.promotion)", "first_write": "\(phases.firstWrite)", "total": "\(phases.total)",
            ])
    }
}
