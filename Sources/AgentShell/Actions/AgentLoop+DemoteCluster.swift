import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Has the remote server asked, as long as a primary is to become its standby, whether that is possible.
    ///
    /// Beside the loop, which a server that does not answer would hold up for seconds. Without an answer the primary stays
    /// one; an answer that allows the demotion is used once, and soon.
    func noteRemote(_ view: ClusterView) {
        guard let section = view.configuration.standbyCluster else {
            life.leaveRemote()
            remoteServer.problem = nil
            return remoteServer.forgetQuestion()
        }
        // While paused it stays a primary, whatever the answer.
        guard activity == nil, case .primary = server, !view.configuration.isPaused,
            watch.standing(ttl: view.configuration.timings.ttl).isMine
        else {
            return remoteServer.forgetQuestion()
        }
        guard remoteServer.isToBeAsked(section, at: clock.now) else { return }
        remoteServer.choose(section)
        guard let remote = remote(section) else { return remoteServer.noteNobody(at: clock.now) }
        // Owned by `remoteServer`; it runs only after this turn of the loop's.
        let question = clock.start { await self.ask(remote) }
        remoteServer.ask(remote.member, by: question)
    }

    private func ask(_ remote: Upstream) async {
        let objection = await instance.objectionToFollowing(remote)
        // Cancelled: nobody wants to know any more, or another server was asked since.
        guard !Task.isCancelled else { return }
        remoteServer.noteAnswer(objection, at: clock.now)
        alarm.ring()
    }

    /// Stops the primary in order: the other members, and a remote server that streams from it, get all it wrote.
    func demoteCluster() async throws {
        try await checkpoint(within: .seconds(120))
        try requireLock()
        guard let section else { return }
        logger.notice("demoting to a standby cluster", metadata: ["of": "\(section)"])
        try await instance.stop(.fast, deadline: stopLimit())
        watchdog.disable()
        life.noteStop()
        try keeper.relaxFence()
    }
}
