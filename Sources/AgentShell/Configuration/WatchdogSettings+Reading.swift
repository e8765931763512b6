import ClusterRecords
import HighAvailability

extension WatchdogSettings {
    /// `MATRIARCH_WATCHDOG_MODE`, `_DEVICE`, `_SAFETY_MARGIN`, `_DRIVER`; nil without a mode.
    init?(environment: [String: String]) throws(Problem) {
        guard let mode = environment["MATRIARCH_WATCHDOG_MODE"] else { return nil }
        try self.init(
            mode: mode, device: environment["MATRIARCH_WATCHDOG_DEVICE"],
            margin: environment["MATRIARCH_WATCHDOG_SAFETY_MARGIN"],
            driver: environment["MATRIARCH_WATCHDOG_DRIVER"])
    }
}
