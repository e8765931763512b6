import Fence
import KubernetesModels
import Units

extension PatroniCluster {
    /// `POST /switchover` to the leader, to the first replica.
    func switchOver(_ title: String) async throws -> ScenarioResult {
        let healthy = try await waitUntilHealthy(instances: instances, within: .seconds(120))
        guard let wanted = healthy.replicas.first else { throw LabError("there is no replica") }
        var outcome = try await measure(
            title,
            Interruption(
                act: { now in
                    // It answers when the switchover is over; the writer goes on meanwhile.
                    try await rest(
                        now.leader, "switchover",
                        body: ["leader": .string(now.leader.name), "candidate": .string(wanted.name)],
                        deadline: .seconds(60))
                    return BootClock.now()
                }, isBack: Interruption.leaderChanged))
        outcome.result.require(
            outcome.after.leader.name == wanted.name, "\(outcome.after.leader.name) leads, \(wanted.name) was asked for"
        )
        return outcome.result
    }

    /// `kubectl delete pod` of the leader, with its grace period.
    func deleteLeader(_ title: String) async throws -> ScenarioResult {
        try await measure(title, deletingLeader()).leaderReplaced
    }

    /// kill -9 of the leader's first PostgreSQL process. Patroni starts it again, or lets the lock go; both count.
    func killPostmaster(_ title: String) async throws -> ScenarioResult {
        try await measure(title, killingPostmaster()).result
    }
}
