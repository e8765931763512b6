/// Something that is done to a real cluster, with what must be true afterwards.
///
/// The demonstration, the measurements and the tests all run these.
public struct Scenario: Sendable {
    /// For the command line: lower-case words with dashes.
    public let name: String
    /// For tables.
    public let title: String
    private let body: @Sendable (LabCluster, String) async throws -> ScenarioResult

    init(_ name: String, _ title: String, body: @escaping @Sendable (LabCluster, String) async throws -> ScenarioResult)
    {
        self.name = name
        self.title = title
        self.body = body
    }

    /// Runs once, on a cluster that exists and is healthy unless the scenario says otherwise, and leaves it healthy.
    ///
    /// - Throws: ``LabError`` when a step did not happen in its generous bound; the cluster is then in any state.
    public func run(on cluster: LabCluster) async throws -> ScenarioResult {
        cluster.lab.progress.say(title)
        return try await body(cluster, title)
    }

    /// All of them, in the order of the table of measurements.
    public static let all: [Scenario] = [
        lifecycle, switchover, podDeletion, postmasterKill, initKill, initKillInBackOff, operatorAbsent,
        frozenAndCutOff,
        frozen, cutOff, scaling, idleMemory, endpointsLock,
    ]
}
