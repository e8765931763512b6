import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import Units

extension Scenario {
    /// `spec.instances` 3 → 5 → 2 with the leader on the highest ordinal, then back to 3.
    public static let scaling = Scenario("scaling", "scale 3 → 5 → 2, the leader on the highest ordinal") {
        cluster, title in
        do {
            return try await cluster.scaleUpAndDown(title)
        } catch {
            // What runs next on this cluster counts on three. Says why if that fails too; the first error is the one to know.
            do { try await cluster.patch(spec: ["instances": 3]) } catch { cluster.lab.progress.say("\(error)") }
            throw error
        }
    }
}

extension LabCluster {
    fileprivate func scaleUpAndDown(_ title: String) async throws -> ScenarioResult {
        try await waitUntilHealthy(instances: 3)
        try await patch(spec: ["instances": 5])
        try await waitUntilHealthy(instances: 5, within: .seconds(180))
        let highest = scope.pod(4)
        if try await waitUntilHealthy(instances: 5).leader.name != highest {
            _ = try await switchOver("switchover to \(highest)", to: highest, instances: 5)
        }
        let target = try await target()
        let writer = Writer(target: target, run: "\(title) \(highest) \(lab.progress.elapsed.nanoseconds)")
        await writer.start()
        let history: WriteHistory
        let after: HealthyCluster
        do {
            try await patch(spec: ["instances": 2])
            after = try await waitUntilHealthy(instances: 2, within: .seconds(180))
            history = await writer.stop()
        } catch {
            _ = await writer.stop()
            throw error
        }
        var result = ScenarioResult(
            operation: title, leaderBefore: highest, leaderAfter: after.leader.name, timeline: after.timeline)
        result.outage = history.longestGap?.duration
        result.verdict = HistoryVerdict(
            history: history, present: try await TableReader.ids(run: writer.run, at: target))
        let kept = try await volumeClaims()
        let expected = Set((0..<5).map(scope.volumeClaim))
        result.require(expected.isSubset(of: kept), "volumes are missing: \(expected.subtracting(kept).sorted())")
        result.require(
            [scope.pod(0), scope.pod(1)].contains(after.leader.name), "\(after.leader.name) leads after scaling to 2")
        try await patch(spec: ["instances": 3])
        try await waitUntilHealthy(instances: 3, within: .seconds(180))
        return result
    }
}
