import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Asks the leader, beside the loop, for the WAL that a standby needs which receives nothing: without it nothing will ever come.
    ///
    /// Not of one that has an archive to take it from, nor of one that is not to stream.
    func lookForMissingWAL(_ status: ServerStatus) {
        guard status.isInRecovery, status.receiver?.isStreaming != true, !status.hasRestoreCommand,
            !tags.streamsFromNobody, let view = watch.view(),
            case .held(let leader) = watch.standing(ttl: view.configuration.timings.ttl),
            life.missingWAL.found.map({ $0.leader == leader }) ?? true
        else { return life.missingWAL.forget() }
        // What is known is kept while this member is at something.
        guard activity == nil, view.members[leader]?.state == .running, let since = life.notStreamingSince,
            clock.now - since >= Grace.courseCheck, life.missingWAL.isDue(at: clock.now)
        else { return }
        let end = status.position
        life.missingWAL.begin(
            clock.start { await self.askForMissingWAL(after: end, leader) },
            next: clock.now + timings.loopWait * MissingWALKeeping.loops)
    }

    private func askForMissingWAL(after end: LSN, _ leader: String) async {
        var found: MissingWALKeeping.Found?
        do {
            let start = try await instance.missingWAL(after: end, on: try upstream(leader, withSlot: false))
            found = start.map { MissingWALKeeping.Found(leader: leader, start: $0) }
        } catch {
            logger.debug(
                "whether the leader has the WAL this member needs is not known",
                metadata: ["leader": "\(leader)", "error": "\(error)"])
            // What was gone stays gone.
            found = life.missingWAL.found.flatMap { $0.leader == leader ? $0 : nil }
        }
        guard life.missingWAL.end(found) else { return }
        if let found { logger.error("\(found.sentence)") }
        // The member's status says it.
        alarm.ring()
    }
}
