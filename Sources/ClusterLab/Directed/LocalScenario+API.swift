import TestSupport

/// Faults of the API server: nobody may be demoted by them (G3).
extension LocalScenario {
    private static let nothingHappens = [Bar(.named(roleChanges), maximum: 0), Bar(.named(errors), maximum: 0)]

    public static let slowAPI = LocalScenario(
        "api-slow", "API server 600 ms away each way", bars: nothingHappens
    ) { cluster, scenario, duration in
        try await cluster.endure(scenario, .slowAPI, for: duration)
    }

    public static let unluckyAPI = LocalScenario(
        "api-unlucky", "30 % of the API server's answers 409, 403, 429, 5xx or lost", bars: nothingHappens, api: .http
    ) { cluster, scenario, duration in
        try await cluster.endure(scenario, .unluckyAPI, for: duration)
    }

    public static let stoppedAPI = LocalScenario(
        "api-stopped", "API server stopped, failsafe on", bars: nothingHappens, isAlone: true
    ) { cluster, scenario, duration in
        try await cluster.endure(scenario, .stoppedAPI, for: duration)
    }
}
