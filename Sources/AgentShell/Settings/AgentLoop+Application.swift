import ClusterRecords
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Keeps the password of the application's role what its Secret says, as long as this member leads.
    ///
    /// Costs the reading of two files where nothing has changed. A Secret nobody can use changes nothing, and this member says
    /// so until there is another one. Beside the loop: whoever has the role's password can make this wait.
    func keepApplicationPassword() {
        guard let application = file.initdb.application, !settingsKeeping.application.isLooking else { return }
        let again = settingsKeeping.application.isDue(at: clock.now)
        // Owned by `settingsKeeping.application`; ended by its deadline.
        settingsKeeping.application.begin(clock.start { await self.givePassword(application, again: again) })
    }

    private func givePassword(_ application: ApplicationDatabase, again: Bool) async {
        defer { settingsKeeping.application.end() }
        let role: Logger.Metadata = ["role": "\(application.owner)", "secret": "\(application.secret)"]
        let former = settingsKeeping.application.fault
        do {
            let outcome = try await instance.keepApplicationPassword(of: application, again: again)
            guard settingsKeeping.application.note(outcome, at: clock.now) else { return }
            switch outcome {
            case .unchanged: break
            case .set: logger.notice("the application's role has the password of its Secret", metadata: role)
            case .noRole: logger.warning("the application's role does not exist, and is not made", metadata: role)
            case .otherRole:
                logger.warning(
                    "the role is not the application's, and keeps its password: it does not own the database, or is a superuser",
                    metadata: role.merging(["database": "\(application.name)"]) { $1 })
            }
        } catch let error as InstanceError where error.code == .credentials {
            let found = SettingsFault(error, "the role \(application.owner) keeps the password it has")
            if settingsKeeping.application.noteFailure(found, at: clock.now) { logger.error("\(found.sentence)") }
        } catch {
            _ = settingsKeeping.application.noteFailure(nil, at: clock.now)
            logger.warning("the password of the application's role is not set yet: \(error)", metadata: role)
        }
        // The member's status says it.
        if settingsKeeping.application.fault != former { alarm.ring() }
    }
}
