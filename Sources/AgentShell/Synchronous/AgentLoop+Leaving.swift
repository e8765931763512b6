import ClusterStore
import HighAvailability
import Logging
import ServerControl
import Units

extension AgentLoop {
    /// A standby that is about to stop waits until no commit waits for it; its status says already that it is stopping.
    ///
    /// - Parameter limit: then it stops all the same. A leader that has not let it go within a ttl leads no more.
    func leaveSynchronous(within limit: Duration) async {
        let deadline = clock.now + limit
        while let view = watch.view(), clock.now < deadline, !Task.isCancelled {
            let verdict = judgeLeaving(
                me, policy: view.configuration.synchronous, leader: view.lock?.leader, record: view.synchronous)
            switch verdict {
            case .leave: return
            case .awaitRecord: break
            case .askLeader(let leader):
                guard let member = view.members[leader] else { return }
                switch await peers.awaitedStandbys(of: member) {
                case .names(let awaited): if !awaited.contains(me) { return }
                case .silent: break
                case .untold:
                    // An agent of a former version: its names follow its record by a moment. Cancelled, the server stops a
                    // little too early.
                    try? await clock.sleep(for: .milliseconds(200))
                    return
                }
            }
            do { try await clock.sleep(for: .milliseconds(10)) } catch { return }
        }
    }

    /// The standbys this server's commits wait for; nil for a standby.
    static func awaitedStandbys(_ status: ServerStatus) -> Set<String>? {
        guard !status.isInRecovery else { return nil }
        return HighAvailability.awaitedStandbys(
            SynchronousStandbyNames(status.synchronousStandbyNames), status.connected)
    }
}
