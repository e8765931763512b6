import Fence
import Units

/// The main job before one's eyes: apply, write, lose the leader, switch over.
public struct Demo: Sendable {
    private let cluster: LabCluster
    private let manifest: String

    /// - Parameter manifest: the file `kubectl apply` is given.
    public init(cluster: LabCluster, manifest: String) {
        self.cluster = cluster
        self.manifest = manifest
    }

    /// Goes through all steps; a cluster that is there already is used.
    ///
    /// - Returns: one result for each step.
    /// - Throws: ``LabError`` when a step did not happen in its generous bound.
    public func run() async throws -> [ScenarioResult] {
        let progress = cluster.lab.progress
        try await cluster.prepareNamespace()
        let applied = try await apply()
        progress.say("writing a row every 20 ms through the Service; the leader's Pod is deleted")
        let lost = try await Scenario.podDeletion.run(on: cluster)
        progress.say("switching over with kubectl patch while the rows go on")
        let switched = try await Scenario.switchover.run(on: cluster)
        return [applied, lost, switched]
    }

    private func apply() async throws -> ScenarioResult {
        let progress = cluster.lab.progress
        let existed = try await cluster.exists()
        progress.say("kubectl apply -f \(manifest)\(existed ? " (the cluster is there already)" : "")")
        let start = BootClock.now()
        try await cluster.lab.kubectl(["-n", cluster.namespace, "apply", "-f", manifest])
        let firstWrite = try await cluster.firstWrite()
        progress.say("first accepted write after \((firstWrite - start).milliseconds) ms")
        let healthy = try await cluster.waitUntilHealthy(within: .seconds(120))
        let running = BootClock.now()
        progress.say("three members running after \((running - start).milliseconds) ms, \(healthy.leader.name) leads")
        var result = ScenarioResult(
            operation: existed ? "kubectl apply, cluster present" : "kubectl apply", leaderAfter: healthy.leader.name,
            timeline: healthy.timeline)
        if !existed {
            result.figures["first write ms"] = (firstWrite - start).milliseconds
            result.figures["three running ms"] = (running - start).milliseconds
        }
        return result
    }
}
