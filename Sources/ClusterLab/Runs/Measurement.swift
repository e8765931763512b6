/// A scenario, how often it is run, and the bars its figures have to clear.
public struct Measurement: Sendable {
    public let scenario: Scenario
    public let runs: Int
    public let bars: [Bar]

    public init(_ scenario: Scenario, runs: Int, bars: [Bar] = []) {
        self.scenario = scenario
        self.runs = runs
        self.bars = bars
    }

    /// The default profile's ttl plus what noticing and taking over may take.
    private static let ttlAndTakingOver: Int64 = 21_500

    /// What must be shown, in the order of the published table.
    public static let all: [Measurement] = [
        Measurement(
            .lifecycle, runs: 3,
            bars: [
                Bar(.named("first write ms"), maximum: 6_000), Bar(.named("three running ms"), maximum: 20_000),
            ]),
        Measurement(
            .idleMemory, runs: 1,
            bars: [
                Bar(.named("anonymous bytes"), maximum: 16 << 20), Bar(.named("RSS bytes"), maximum: 40 << 20),
            ]),
        Measurement(.switchover, runs: 10, bars: [Bar(.outage, median: 500, maximum: 1_000)]),
        Measurement(.podDeletion, runs: 10, bars: [Bar(.outage, median: 800, maximum: 1_500)]),
        Measurement(.postmasterKill, runs: 10, bars: [Bar(.outage, median: 800, maximum: 1_500)]),
        Measurement(.initKill, runs: 10, bars: [Bar(.outage, median: 1_500, maximum: 2_500)]),
        Measurement(.initKillInBackOff, runs: 5, bars: [Bar(.outage, median: 1_500, maximum: 2_500)]),
        Measurement(.operatorAbsent, runs: 3, bars: [Bar(.outage, median: 1_500, maximum: 2_500)]),
        Measurement(.frozenAndCutOff, runs: 2, bars: [Bar(.outage, maximum: ttlAndTakingOver)]),
        Measurement(.frozen, runs: 1, bars: [Bar(.outage, maximum: ttlAndTakingOver)]),
        Measurement(.cutOff, runs: 1, bars: [Bar(.outage, maximum: ttlAndTakingOver)]),
        Measurement(.scaling, runs: 1),
        Measurement(.endpointsLock, runs: 1),
    ]
}
