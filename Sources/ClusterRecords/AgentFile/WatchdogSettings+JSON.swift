public import HighAvailability
import KubernetesModels
import Units

/// Patroni's section `watchdog` of the agent file: `mode`, `device`, `safety_margin`, `driver`.
extension WatchdogSettings {
    init(json: JSONValue) throws(Problem) {
        let margin = json["safety_margin"].flatMap { $0.doubleValue.map { "\($0)" } ?? $0.stringValue }
        try self.init(
            mode: json["mode"]?.stringValue, device: json["device"]?.stringValue, margin: margin,
            driver: json["driver"]?.stringValue)
    }

    /// Reads the settings from text; nil leaves each at its default.
    ///
    /// - Parameter margin: seconds, or -1 for half of `ttl`.
    /// - Throws: the first that cannot be read; its path is `watchdog.mode`, `watchdog.driver` or `watchdog.safety_margin`.
    public init(mode: String?, device: String?, margin: String?, driver: String?) throws(Problem) {
        self.init()
        if let mode {
            guard let value = Mode(rawValue: mode) else {
                throw Problem(
                    path: "watchdog.mode", value: mode, rule: "must be off, automatic or required", refuser: .agent)
            }
            self.mode = value
        }
        if let driver {
            guard let value = Driver(rawValue: driver) else {
                throw Problem(
                    path: "watchdog.driver", value: driver, rule: "must be default or testing", refuser: .agent)
            }
            self.driver = value
        }
        if let margin {
            guard let seconds = Double(margin), seconds >= -1, seconds <= 3600 else {
                throw Problem(
                    path: "watchdog.safety_margin", value: margin, rule: "must be -1 or a number of seconds up to 3600",
                    refuser: .agent)
            }
            safetyMargin = .milliseconds(Int64((seconds * 1000).rounded()))
        }
        if let device { self.device = device }
    }

    var json: JSONValue {
        var section: JSONValue = [
            "mode": .string(mode.rawValue), "device": .string(device), "driver": .string(driver.rawValue),
        ]
        if let safetyMargin { section["safety_margin"] = .double(safetyMargin.inSeconds) }
        return section
    }
}
