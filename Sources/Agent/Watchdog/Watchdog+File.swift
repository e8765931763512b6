import AgentShell
import HighAvailability
import Logging

extension Watchdog {
    /// With the device the settings name.
    convenience init(_ settings: WatchdogSettings, logger: Logger) {
        let device =
            switch settings.driver {
            case .linux: WatchdogFile.linux(settings.device)
            case .testing: WatchdogFile.testing(settings.device)
            }
        self.init(settings, device: device, logger: logger)
    }
}
