import ClusterRecords
import Logging
import PostgresConfiguration
import PostgresInstance

extension AgentLoop {
    /// Keeps the password of the application's role what its Secret says, as long as this member leads.
    ///
    /// Costs the reading of two files where nothing has changed. A Secret nobody can use changes nothing, and this member says
    /// so until there is another one.
    func keepApplicationPassword() async {
        guard let application = file.initdb.application else { return }
        let role: Logger.Metadata = ["role": "\(application.owner)", "secret": "\(application.secret)"]
        do {
            switch try await instance.keepApplicationPassword() {
            case .unchanged: break
            case .set: logger.notice("the application's role has the password of its Secret", metadata: role)
            case .noRole: logger.warning("the application's role does not exist, and is not made", metadata: role)
            }
            settingsKeeping.applicationFault = nil
        } catch let error as InstanceError where error.code == .credentials {
            let found = SettingsFault(error, "the role \(application.owner) keeps the password it has")
            guard found != settingsKeeping.applicationFault else { return }
            settingsKeeping.applicationFault = found
            logger.error("\(found.sentence)")
        } catch {
            logger.warning("the password of the application's role is not set yet: \(error)", metadata: role)
        }
    }
}
