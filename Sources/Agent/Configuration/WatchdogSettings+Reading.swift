import HighAvailability
import KubernetesModels
import Units

extension WatchdogSettings {
    /// Patroni's section of the agent file: `mode`, `device`, `safety_margin`, `driver`.
    ///
    /// - Parameter path: of the file, for the message.
    init(json: JSONValue, path: String) throws(AgentError) {
        let margin = json["safety_margin"].flatMap { $0.doubleValue.map { "\($0)" } ?? $0.stringValue }
        try self.init(
            mode: json["mode"]?.stringValue, device: json["device"]?.stringValue, margin: margin,
            driver: json["driver"]?.stringValue, place: "\(path): watchdog.")
    }

    /// `MATRIARCH_WATCHDOG_MODE`, `_DEVICE`, `_SAFETY_MARGIN`, `_DRIVER`; nil without a mode.
    init?(environment: [String: String]) throws(AgentError) {
        guard let mode = environment["MATRIARCH_WATCHDOG_MODE"] else { return nil }
        try self.init(
            mode: mode, device: environment["MATRIARCH_WATCHDOG_DEVICE"],
            margin: environment["MATRIARCH_WATCHDOG_SAFETY_MARGIN"],
            driver: environment["MATRIARCH_WATCHDOG_DRIVER"], place: "watchdog ")
    }

    private init(mode: String?, device: String?, margin: String?, driver: String?, place: String) throws(AgentError) {
        self.init()
        if let mode {
            guard let value = Mode(rawValue: mode) else {
                throw AgentError(.configuration, "\(place)mode (\(mode) is not off, automatic or required)")
            }
            self.mode = value
        }
        if let driver {
            guard let value = Driver(rawValue: driver) else {
                throw AgentError(.configuration, "\(place)driver (\(driver) is not default or testing)")
            }
            self.driver = value
        }
        if let margin {
            guard let seconds = Double(margin), seconds >= -1, seconds <= 3600 else {
                throw AgentError(.configuration, "\(place)safety_margin (\(margin) is not -1 or a number of seconds)")
            }
            safetyMargin = .milliseconds(Int64(seconds * 1000))
        }
        if let device { self.device = device }
    }
}
