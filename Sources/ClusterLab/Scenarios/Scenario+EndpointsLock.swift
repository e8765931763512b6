import ClusterRecords
import HighAvailability
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import Units

extension Scenario {
    /// A cluster of its own whose lock is the Service's Endpoints object: a switchover, then the leader's Pod deleted.
    public static let endpointsLock = Scenario("endpoints-lock", "lock in Endpoints: switchover, leader's Pod deleted")
    {
        cluster, title in
        let other = LabCluster(lab: cluster.lab, namespace: "\(cluster.namespace)-endpoints", name: cluster.name)
        try await other.prepareNamespace()
        do {
            try await other.apply(["highAvailability": ["lockObject": "Endpoints"]])
            let result = try await other.exerciseEndpointsLock(title)
            try await other.delete()
            try await other.removeNamespace()
            return result
        } catch {
            cluster.lab.progress.say("\(title): \(error)\n\(await other.report())")
            try await other.delete()
            try await other.removeNamespace()
            throw error
        }
    }
}

extension LabCluster {
    fileprivate func exerciseEndpointsLock(_ title: String) async throws -> ScenarioResult {
        let switched = try await switchOver("lock in Endpoints: switchover")
        let lost = try await measure(
            title,
            Interruption(
                act: { healthy in
                    try await lab.kubectl(["-n", namespace, "delete", "pod", healthy.leader.name, "--wait=false"])
                    return BootInstant(nanoseconds: 0)
                }, isBack: Interruption.leaderChanged))
        var result = lost.leaderReplaced
        result.problems += switched.result.problems
        result.figures["switchover outage ms"] = switched.result.outage?.milliseconds
        result.figures["switchover rows lost"] = switched.result.verdict.map { Int64($0.lost.count) }

        let endpoints = try await lab.client.get(
            Endpoints.self, name: scope.storeLeader(.endpoints), namespace: namespace)
        let holder = LockRecord(endpoints.metadata).leader
        result.require(
            holder == lost.after.leader.name, "the Endpoints object names \(holder ?? "nobody") as leader")
        let routed = (endpoints.subsets ?? []).flatMap { $0.addresses ?? [] }.compactMap(\.ip)
        result.require(routed == [lost.after.leader.address], "the Service leads to \(routed)")
        let objects = try await objects()
        let lockOfOtherKind = "configmap/\(scope.storeLeader(.configMap))"
        result.require(!objects.contains(lockOfOtherKind), "\(lockOfOtherKind) exists too")
        for service in scope.storeServices {
            result.require(objects.contains("service/\(service)"), "nothing keeps the Endpoints \(service)")
        }
        return result
    }
}
