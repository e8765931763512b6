/// One cycle of an agent as it is recorded: what it saw, and what it decided on that.
///
/// ``decide(_:)`` is pure, so anybody who has this can decide again and compare.
public struct TracedDecision: Codable, Hashable, Sendable {
    public var observation: Observation
    public var decision: Decision

    /// Leaves out what no decision depends on and what may hold passwords: server parameters and authentication rules.
    public init(_ observation: Observation, _ decision: Decision) {
        var observation = observation
        observation.cluster.configuration.parameters = [:]
        observation.cluster.configuration.hostBasedAuthentication = []
        observation.cluster.configuration.identityMap = []
        self.observation = observation
        self.decision = decision
    }
}
