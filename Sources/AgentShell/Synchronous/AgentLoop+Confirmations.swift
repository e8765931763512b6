import ClusterStore
import HighAvailability
import Logging
import ServerControl
import Units

extension AgentLoop {
    /// Lets go the commits that a change of the names has left waiting; see
    /// ``LocalServer/refreshConfirmations(deadline:)``.
    ///
    /// Beside the loop, which may have to change the names again before one returns.
    func refreshConfirmations(after names: SynchronousStandbyNames) {
        synchronous.confirm(by: nil)
        // Nobody who exists is waited for: no commit returns.
        guard names.count <= names.standbys.count else { return }
        // Owned by `synchronous`; ended by its deadline, or by the next change.
        synchronous.confirm(by: clock.start { await self.haveStandbysConfirm(names) })
    }

    private func haveStandbysConfirm(_ names: SynchronousStandbyNames) async {
        let deadline = clock.now + Self.confirmationsComeByThemselves
        while clock.now < deadline, instance.runningPostmaster != nil {
            do { try await clock.sleep(for: .milliseconds(5)) } catch { return }
            guard case .answered(let status) = await instance.observe(deadline: .seconds(1)) else { continue }
            if status.isInRecovery { return }
            guard names.areRead(showing: status.synchronousStandbyNames, status.connected) else { continue }
            // Once: a session whose commit does not return stays in the server until it does.
            _ = await instance.refreshConfirmations(deadline: deadline - clock.now)
            return
        }
    }

    /// PostgreSQL's default of `wal_receiver_status_interval`; ours is a second.
    private static let confirmationsComeByThemselves = Duration.seconds(10)
}
